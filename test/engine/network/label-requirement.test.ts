import { expect } from 'chai';
import { labelsMeet, requirementsOf } from '../../../operator/engine/network/label-requirement.ts';
import type { Fault } from '../../../operator/engine/outcomes/outcome.ts';

const read = (selector: unknown): { readonly found: readonly string[]; readonly faults: readonly string[] } => {
  const faults: Fault[] = [];
  const found = requirementsOf(selector, 's', faults).map(({ key, operator, values }) => `${key} ${operator} ${values.join('|')}`.trim());
  return { found, faults: faults.map(({ path, problem }) => `${path}: ${problem}`) };
};
const expression = (...items: unknown[]): object => ({ matchExpressions: items });

describe('the requirements of a label selector', () => {
  const rows: readonly (readonly [selector: unknown, found: readonly string[]])[] = [
    [undefined, []],
    [null, []],
    [{}, []],
    [{ matchLabels: null, matchExpressions: null }, []],
    [{ matchLabels: { app: 'web', tier: '' } }, ['app In web', 'tier In']],
    [
      { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x', 'y'] }] },
      ['app In web', 'a NotIn x|y'],
    ],
    [
      expression(
        { key: 'a', operator: 'Exists' },
        { key: 'b', operator: 'DoesNotExist', values: [] },
        { key: 'c', operator: 'Exists', values: null },
      ),
      ['a Exists', 'b DoesNotExist', 'c Exists'],
    ],
  ];
  for (const [selector, found] of rows)
    it(`of ${JSON.stringify(selector)}`, () => expect(read(selector)).to.deep.equal({ found, faults: [] }));

  const broken: readonly (readonly [selector: unknown, fault: string])[] = [
    ['all', 's: expected a map'],
    [[], 's: expected a map'],
    [{ matchLabels: 'app' }, 's.matchLabels: expected a map'],
    [{ matchLabels: { app: 1 } }, "s.matchLabels['app']: expected a string"],
    [{ matchExpressions: {} }, 's.matchExpressions: expected a list'],
    [expression('a'), 's.matchExpressions[0]: expected a map'],
    [expression({ operator: 'Exists' }), 's.matchExpressions[0].key: expected the key of a label'],
    [expression({ key: '', operator: 'Exists' }), 's.matchExpressions[0].key: expected the key of a label'],
    [expression({ key: 'a', operator: 'Is' }), 's.matchExpressions[0].operator: expected In, NotIn, Exists or DoesNotExist'],
    [expression({ key: 'a', operator: 'In', values: 'x' }), 's.matchExpressions[0].values: expected a list of strings'],
    [expression({ key: 'a', operator: 'In', values: ['x', 1] }), 's.matchExpressions[0].values: expected a list of strings'],
    [expression({ key: 'a', operator: 'In' }), 's.matchExpressions[0].values: expected at least one value'],
    [expression({ key: 'a', operator: 'NotIn', values: [] }), 's.matchExpressions[0].values: expected at least one value'],
    [expression({ key: 'a', operator: 'Exists', values: ['x'] }), 's.matchExpressions[0].values: Exists takes no values'],
    [expression({ key: 'a', operator: 'DoesNotExist', values: ['x'] }), 's.matchExpressions[0].values: DoesNotExist takes no values'],
  ];
  for (const [selector, fault] of broken)
    it(`cannot be read in ${JSON.stringify(selector)}`, () => expect(read(selector)).to.deep.equal({ found: [], faults: [fault] }));

  it('are read beside those that cannot be', () => {
    expect(read({ matchLabels: { app: 'web', tier: 1 }, matchExpressions: ['a', { key: 'b', operator: 'Exists' }] })).to.deep.equal({
      found: ['app In web', 'b Exists'],
      faults: ["s.matchLabels['tier']: expected a string", 's.matchExpressions[0]: expected a map'],
    });
  });

  it('must all be met', () => {
    const requirements = requirementsOf({ matchLabels: { app: 'web' }, ...expression({ key: 'tier', operator: 'Exists' }) }, 's', []);
    const met = [{ app: 'web', tier: '' }, { app: 'web' }, { app: 'db', tier: '' }, {}].map((labels) => labelsMeet(requirements, labels));
    expect(met).to.deep.equal([true, false, false, false]);
    expect(labelsMeet([], {})).to.equal(true);
  });
});
