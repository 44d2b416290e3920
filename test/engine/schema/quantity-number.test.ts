import { expect } from 'chai';
import { quantityNumber } from '../../../operator/engine/schema/quantity-number.ts';

describe('quantityNumber', () => {
  for (const [value, expected] of [
    ['2', 2],
    [2, 2],
    ['250m', 0.25],
    ['100u', 0.0001],
    ['1k', 1000],
    ['1e3', 1000],
    ['2Gi', 2 * 1024 ** 3],
    ['1Pi', 1024 ** 5],
    ['much', undefined],
    [undefined, undefined],
    [{}, undefined],
  ] as const)
    it(`reads ${JSON.stringify(value)} as ${expected}`, () => expect(quantityNumber(value)).to.equal(expected));
});
