import { expect } from 'chai';
import { isEmptySelector, selectorMatch } from '../../../operator/engine/objects/label-selector.ts';

describe('the selector of an object', () => {
  const rows: readonly [title: string, selector: unknown, matchesShop: boolean, matchesNone: boolean, isEmpty: boolean][] = [
    ['nothing', undefined, true, true, true],
    ['null', null, true, true, true],
    ['an empty map', {}, true, true, true],
    ['empty parts', { matchLabels: {}, matchExpressions: [] }, true, true, true],
    ['null parts', { matchLabels: null, matchExpressions: null }, true, true, true],
    ['a label', { matchLabels: { app: 'shop' } }, true, false, false],
    ['another label', { matchLabels: { app: 'cart' } }, false, false, false],
    ['an expression', { matchExpressions: [{ key: 'app', operator: 'In', values: ['shop'] }] }, true, false, false],
    ['an expression without values', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true, false, false],
    ['an unknown operator', { matchExpressions: [{ key: 'app', operator: 'Is', values: ['shop'] }] }, false, false, false],
    ['an expression without an operator', { matchExpressions: [{ key: 'app' }] }, false, false, false],
    ['an expression without a key', { matchExpressions: [{ operator: 'DoesNotExist' }] }, true, true, false],
    ['a text', 'app=shop', false, false, false],
    ['a list', [], false, false, false],
    ['labels in a list', { matchLabels: [] }, false, false, false],
    ['labels that are a text', { matchLabels: 'app' }, false, false, false],
    ['a label that is a number', { matchLabels: { app: 'shop', port: 1 } }, false, false, false],
    ['expressions in a map', { matchExpressions: {} }, false, false, false],
    ['an expression that is a text', { matchExpressions: ['app'] }, false, false, false],
  ];
  for (const [title, selector, matchesShop, matchesNone, isEmpty] of rows)
    it(`that is ${title} ${matchesShop ? 'selects' : 'does not select'} app=shop, and is ${isEmpty ? '' : 'not '}empty`, () => {
      const match = selectorMatch(selector);
      expect([match({ app: 'shop' }), match({}), isEmptySelector(selector)]).to.deep.equal([matchesShop, matchesNone, isEmpty]);
    });
});
