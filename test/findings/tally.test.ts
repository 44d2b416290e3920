import { expect } from 'chai';
import { addTallies, TallyBuilder, type PolicyTally } from '../../operator/findings/tally.ts';

describe('TallyBuilder', () => {
  it('counts only failures by severity, without those of severity info', () => {
    const tally = new TallyBuilder();
    tally.addTarget();
    tally.addVerdict('a', 'fail', 'high');
    tally.addVerdict('a', 'error', 'high');
    tally.addVerdict('a', 'warn', 'critical');
    tally.addVerdict('b', 'fail', 'info');
    tally.addVerdict('b', 'skip', 'low');
    tally.addVerdict('b', 'pass', 'info');
    expect(tally.build()).to.deep.equal({
      targets: 1,
      summary: { pass: 1, fail: 2, warn: 1, error: 1, skip: 1 },
      failing: { critical: 0, high: 1, medium: 0, low: 0 },
      checks: {
        a: { pass: 0, fail: 1, warn: 1, error: 1, skip: 0 },
        b: { pass: 1, fail: 1, warn: 0, error: 0, skip: 1 },
      },
    });
  });

  it('removes a pass from the counts of the check and of the summary', () => {
    const tally = new TallyBuilder();
    tally.addVerdict('a', 'pass', 'info');
    tally.addVerdict('b', 'pass', 'info');
    tally.removePass('a');
    const { summary, checks } = tally.build();
    expect([summary.pass, checks['a']?.pass, checks['b']?.pass]).to.deep.equal([1, 0, 1]);
  });

  it('counts the evaluated targets', () => {
    const tally = new TallyBuilder();
    tally.addTarget();
    tally.addTarget();
    expect([tally.targets, tally.build().targets]).to.deep.equal([2, 2]);
  });

  it('adds two tallies check by check', () => {
    const [one, other] = [new TallyBuilder(), new TallyBuilder()];
    one.addVerdict('a', 'fail', 'low');
    other.addVerdict('a', 'fail', 'low');
    other.addVerdict('b', 'pass', 'info');
    const sum = addTallies(one.build(), other.build());
    expect([sum.checks['a']?.fail, sum.checks['b']?.pass, sum.failing.low, sum.summary.fail]).to.deep.equal([2, 1, 2, 2]);
  });

  it('adds every count of two tallies', () => {
    const part = (factor: number): PolicyTally => ({
      summary: { pass: factor, fail: 2 * factor, warn: 3 * factor, error: 4 * factor, skip: 5 * factor },
      failing: { critical: 6 * factor, high: 7 * factor, medium: 8 * factor, low: 9 * factor },
      targets: 10 * factor,
      checks: {},
    });
    expect(addTallies(part(1), part(10))).to.deep.equal(part(11));
    expect(addTallies(undefined, part(1))).to.deep.equal(part(1));
  });
});
