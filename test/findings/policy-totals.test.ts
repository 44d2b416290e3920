import { expect } from 'chai';
import { addTotals, noTotals, type PolicyTotals } from '../../operator/findings/policy-totals.ts';

const one: PolicyTotals = {
  summary: { pass: 1, fail: 2, warn: 3, error: 4, skip: 5 },
  failing: { critical: 6, high: 7, medium: 8, low: 9 },
};
const two: PolicyTotals = {
  summary: { pass: 10, fail: 20, warn: 30, error: 40, skip: 50 },
  failing: { critical: 60, high: 70, medium: 80, low: 90 },
};

describe('addTotals', () => {
  it('adds the counts of reports for each policy', () => {
    const totals = new Map<string, PolicyTotals>();
    addTotals(totals, 'web', one, 1);
    addTotals(totals, 'web', two, 1);
    addTotals(totals, 'data', two, 1);
    expect(totals.get('web')).to.deep.equal({
      summary: { pass: 11, fail: 22, warn: 33, error: 44, skip: 55 },
      failing: { critical: 66, high: 77, medium: 88, low: 99 },
    });
    expect(totals.get('data')).to.deep.equal(two);
  });

  it('adds the failures that exceptions cover, and omits them if there are none', () => {
    const totals = new Map<string, PolicyTotals>();
    const excepted = { critical: 1, high: 2, medium: 3, low: 4 };
    addTotals(totals, 'web', one, 1);
    expect(totals.get('web')).not.to.have.property('excepted');
    addTotals(totals, 'web', { ...one, excepted }, 1);
    expect(totals.get('web')?.excepted).to.deep.equal(excepted);
    addTotals(totals, 'web', { ...one, excepted }, 1);
    expect(totals.get('web')?.excepted).to.deep.equal({ critical: 2, high: 4, medium: 6, low: 8 });
    addTotals(totals, 'web', { ...one, excepted: { critical: 2, high: 4, medium: 6, low: 7 } }, -1);
    expect(totals.get('web')?.excepted).to.deep.equal({ critical: 0, high: 0, medium: 0, low: 1 });
    addTotals(totals, 'web', { ...one, excepted: { critical: 0, high: 0, medium: 0, low: 1 } }, -1);
    expect(totals.get('web')).to.deep.equal(one);
  });

  it('subtracts the counts of a report again', () => {
    const totals = new Map<string, PolicyTotals>();
    addTotals(totals, 'web', one, 1);
    addTotals(totals, 'web', two, 1);
    addTotals(totals, 'web', one, -1);
    expect(totals.get('web')).to.deep.equal(two);
    addTotals(totals, 'web', two, -1);
    expect(totals.get('web')).to.deep.equal(noTotals);
  });
});
