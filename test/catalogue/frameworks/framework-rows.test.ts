import { expect } from 'chai';
import { type ControlTally, frameworkRow, requirementOutcomes } from '../../../operator/catalogue/frameworks/framework-rows.ts';
import type { Framework, Requirement } from '../../../operator/catalogue/frameworks/framework.ts';

const requirement = (id: string, controls: readonly string[], manual?: string): Requirement => ({
  id,
  title: id,
  controls,
  ...(manual === undefined ? {} : { manual }),
});
const framework = (...requirements: readonly Requirement[]): Framework => ({
  name: 'f',
  version: '1',
  title: 'F',
  controls: [],
  requirements,
});
const tally = (counts: Partial<ControlTally>): ControlTally => ({ pass: 0, fail: 0, error: 0, skip: 0, ...counts });

describe('requirementOutcomes', () => {
  const skipped = 'Its checks were skipped.';
  const empty = 'The scope has no objects for its controls.';
  const partial = 'Some of its checks could not be evaluated.';
  const incomplete = 'Not every target could be scanned.';
  type Outcome = readonly [state: string, reason?: string];
  const rows: readonly [title: string, tallies: readonly ControlTally[], manual: string | undefined, complete: Outcome, incomplete: Outcome][] = [
    ['no results', [], undefined, ['notEvaluated', empty], ['notEvaluated', incomplete]],
    ['passes', [tally({ pass: 2 })], undefined, ['passed'], ['notEvaluated', incomplete]],
    ['passes, and a manual part', [tally({ pass: 2 })], 'Look.', ['manual', 'Look.'], ['manual', 'Look.']],
    ['a failure of the second control', [tally({ pass: 2 }), tally({ fail: 1 })], 'Look.', ['failed'], ['failed']],
    ['a failure and an exception', [tally({ fail: 1, excepted: 1, error: 1 })], undefined, ['failed'], ['failed']],
    ['an exception, and an error', [tally({ pass: 1, excepted: 1, error: 1, skip: 1 })], undefined, ['excepted'], ['excepted']],
    ['an error, and passes', [tally({ pass: 1, error: 1, skip: 1 })], 'Look.', ['notEvaluated', partial], ['notEvaluated', partial]],
    ['skips', [tally({ skip: 1 })], undefined, ['notEvaluated', skipped], ['notEvaluated', skipped]],
    ['skips, and a pass', [tally({ skip: 1 }), tally({ pass: 1 })], undefined, ['passed'], ['notEvaluated', incomplete]],
  ]; // prettier-ignore
  for (const [title, tallies, manual, complete, partly] of rows)
    it(`is ${complete[0]} for ${title}, and ${partly[0]} if not every target was scanned`, () => {
      const controls = ['a', 'b'];
      const counts = new Map(tallies.map((each, index) => [controls[index] ?? '', each]));
      const outcome = (all?: boolean): Outcome => {
        const [found] = requirementOutcomes(framework(requirement('r', controls, manual)), counts, all);
        return found?.reason === undefined ? [found?.state ?? ''] : [found.state, found.reason];
      };
      expect([outcome(), outcome(true), outcome(false)]).to.deep.equal([complete, complete, partly]);
    });

  it('is manual without controls, with the manual check or the default one', () => {
    const outcomes = requirementOutcomes(framework(requirement('a', []), requirement('b', [], 'Look.')), new Map(), false);
    expect(outcomes.map(({ state, reason }) => [state, reason])).to.deep.equal([
      ['manual', 'No control covers this requirement. Check it manually.'],
      ['manual', 'Look.'],
    ]);
  });

  it('adds the counts of all its controls', () => {
    const [outcome] = requirementOutcomes(
      framework(requirement('r', ['a', 'b', 'c'])),
      new Map([
        ['a', tally({ pass: 1, fail: 2, error: 4 })],
        ['b', tally({ pass: 8, fail: 16, error: 32 })],
        ['other', tally({ pass: 100 })],
      ]),
    );
    expect(outcome).to.deep.include({ state: 'failed', passes: 9, failures: 18, errors: 36 });
    expect(outcome).not.to.have.property('reason');
  });
});

describe('frameworkRow', () => {
  it('counts the requirements by state', () => {
    const ids = ['passed', 'failed', 'failed2', 'excepted', 'error'];
    const all = framework(...ids.map((id) => requirement(id, [id])), requirement('manual', []));
    const tallies = new Map([
      ['passed', tally({ pass: 1 })],
      ['failed', tally({ fail: 1 })],
      ['failed2', tally({ fail: 3 })],
      ['excepted', tally({ excepted: 1 })],
      ['error', tally({ error: 1 })],
    ]);
    const row = { name: 'f', version: '1', passed: 1, failed: 2, manual: 1, notEvaluated: 1, excepted: 1 };
    expect(frameworkRow(all, tallies)).to.deep.equal(row);
    expect(frameworkRow(all, tallies, false)).to.deep.equal({ ...row, passed: 0, notEvaluated: 2 });
  });
});
