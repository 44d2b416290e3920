import { expect } from 'chai';
import type { AdmissionWaiver } from '../../../operator/api/kinds/admission-parameters.ts';
import { WaiverBudget, waiverCost } from '../../../operator/admission/objects/waiver-cost.ts';

const waiver = (exception: string, more: Partial<AdmissionWaiver> = {}): AdmissionWaiver => ({ exception, checks: ['host-pid'], ...more });

describe('the cost of an exception', () => {
  // A match of an expression of 12 characters: 26 tenths of the longest name of an object, or 7 of that of a namespace, times 3 quarters.
  const [ofName, ofNamespace] = [26 * 3 + 8, 7 * 3 + 8];
  const pattern = '^abcdefghij$';
  const label = { key: 'tier', operator: 'In' as const, values: ['a', 'b', 'c'] };
  const rows: readonly (readonly [string, Partial<AdmissionWaiver>, { readonly place: number; readonly objects: number }])[] = [
    ['without bounds', {}, { place: 40, objects: 0 }],
    ['of namespaces', { namespaces: [pattern, pattern] }, { place: 40 + 2 * ofNamespace, objects: 0 }],
    ['of excluded namespaces', { excludedNamespaces: [pattern] }, { place: 40 + ofNamespace, objects: 0 }],
    ['of labels of namespaces', { namespaceLabels: [label, { ...label, values: [] }] }, { place: 40 + 3 + 16 + 16, objects: 0 }],
    ['of names', { names: [pattern, '^a$'] }, { place: 40, objects: ofName + 26 + 8 }],
    ['of labels', { labels: [label] }, { place: 40, objects: 3 + 16 }],
  ];
  for (const [title, bounds, { place, objects }] of rows)
    it(`${title} counts for every object if it is of the cluster, and its objects only in its namespace if it is of one`, () => {
      expect(waiverCost(waiver('wide', bounds))).to.deep.equal({ everywhere: place + objects, inNamespace: 0 });
      expect(waiverCost(waiver('shop/a', bounds))).to.deep.equal({ everywhere: place, inNamespace: objects });
    });
});

describe('the budget of exceptions', () => {
  const taken = (exceptions: readonly AdmissionWaiver[]): number => {
    const budget = new WaiverBudget();
    return exceptions.filter((one) => budget.take(one)).length;
  };
  const many = (count: number, of: (index: number) => AdmissionWaiver): readonly AdmissionWaiver[] =>
    Array.from({ length: count }, (_, index) => of(index));
  /** Costs 10,000 units. */
  const values = { key: 'tier', operator: 'In' as const, values: Array<string>(9_984).fill('a') };

  it('has 500,000 units for every object', () => {
    expect(taken(many(13_000, (index) => waiver(`wide-${index}`)))).to.equal(12_500);
    expect(taken(many(13_000, (index) => waiver(`team-${index}/a`)))).to.equal(12_500);
  });

  it('has 300,000 units for the objects of each namespace', () => {
    const costly = { labels: [values] };
    expect(taken(many(40, () => waiver('shop/a', costly)))).to.equal(30);
    expect(taken([...many(40, () => waiver('shop/a', costly)), ...many(40, () => waiver('web/a', costly))])).to.equal(60);
  });
});
