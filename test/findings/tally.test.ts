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

  it('lists a check without a verdict, and keeps the counts of one that has some', () => {
    const tally = new TallyBuilder();
    tally.addVerdict('a', 'fail', 'low');
    tally.addUnmatched('a');
    tally.addUnmatched('b');
    const none = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
    expect(tally.build().checks).to.deep.equal({ a: { ...none, fail: 1 }, b: none });
    expect(tally.build().summary).to.deep.equal({ ...none, fail: 1 });
  });

  it('takes a check with the name of an inherited property for one of its own', () => {
    const tally = new TallyBuilder();
    tally.removePass('constructor');
    tally.addVerdict('constructor', 'pass', 'info');
    expect(tally.build().checks['constructor']).to.deep.equal({ pass: 1, fail: 0, warn: 0, error: 0, skip: 0 });
    expect(addTallies(new TallyBuilder().build(), tally.build()).checks['constructor']?.pass).to.equal(1);
  });

  it('counts failures of each severity', () => {
    const tally = new TallyBuilder();
    for (const [severity, times] of [
      ['critical', 1],
      ['high', 2],
      ['medium', 3],
      ['low', 4],
    ] as const)
      for (let time = 0; time < times; time++) tally.addVerdict('a', 'fail', severity);
    expect(tally.build().failing).to.deep.equal({ critical: 1, high: 2, medium: 3, low: 4 });
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
