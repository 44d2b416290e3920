import { expect } from 'chai';
import type { LabelSelector } from '../../operator/api/field.ts';
import { labelMatch, selectsEverything } from '../../operator/api/label-match.ts';

describe('labelMatch', () => {
  const shop = { app: 'shop', tier: 'web', empty: '' };
  const none = {};
  const rows: readonly [title: string, selector: LabelSelector | undefined, ofShop: boolean, ofNone: boolean][] = [
    ['undefined', undefined, true, true],
    ['an empty selector', {}, true, true],
    ['empty lists', { matchLabels: {}, matchExpressions: [] }, true, true],
    ['an equal label', { matchLabels: { app: 'shop' } }, true, false],
    ['another value', { matchLabels: { app: 'cart' } }, false, false],
    ['two labels, one of them different', { matchLabels: { app: 'shop', tier: 'db' } }, false, false],
    ['a label of the prototype', { matchLabels: { toString: 'x' } }, false, false],
    ['In with the value', { matchExpressions: [{ key: 'app', operator: 'In', values: ['cart', 'shop'] }] }, true, false],
    ['In without the value', { matchExpressions: [{ key: 'app', operator: 'In', values: ['cart'] }] }, false, false],
    ['In with the empty value', { matchExpressions: [{ key: 'empty', operator: 'In', values: [''] }] }, true, false],
    ['In without values', { matchExpressions: [{ key: 'app', operator: 'In' }] }, false, false],
    ['NotIn with the value', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['shop'] }] }, false, true],
    ['NotIn without the value', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['cart'] }] }, true, true],
    ['Exists', { matchExpressions: [{ key: 'empty', operator: 'Exists' }] }, true, false],
    ['DoesNotExist', { matchExpressions: [{ key: 'empty', operator: 'DoesNotExist' }] }, false, true],
    ['two expressions, one of them false', { matchExpressions: [{ key: 'app', operator: 'Exists' }, { key: 'tier', operator: 'DoesNotExist' }] }, false, false],
    ['a label and an expression, both true', { matchLabels: { app: 'shop' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true, false],
    ['a label and an expression, the label false', { matchLabels: { app: 'x' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, false, false],
    ['a label and an expression, the expression false', { matchLabels: { app: 'shop' }, matchExpressions: [{ key: 'x', operator: 'Exists' }] }, false, false],
    ['an unknown operator', { matchExpressions: [{ key: 'app', operator: 'Gt' as 'In', values: ['1'] }] }, false, false],
  ]; // prettier-ignore
  for (const [title, selector, ofShop, ofNone] of rows)
    it(`${title}: ${ofShop ? 'matches' : 'does not match'} labels, ${ofNone ? 'matches' : 'does not match'} none`, () => {
      const match = labelMatch(selector);
      expect([match(shop), match(none)]).to.deep.equal([ofShop, ofNone]);
    });

  it('is known to select everything only if the selector has no label and no expression', () => {
    const selectors: readonly (LabelSelector | undefined)[] = [
      undefined,
      {},
      { matchLabels: {}, matchExpressions: [] },
      { matchLabels: { app: 'shop' } },
      { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
    ];
    expect(selectors.map(selectsEverything)).to.deep.equal([true, true, true, false, false]);
  });
});
