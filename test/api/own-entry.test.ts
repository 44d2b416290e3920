import { expect } from 'chai';
import { ownEntry } from '../../operator/api/own-entry.ts';

describe('the entry of a table', () => {
  const table: Readonly<Record<string, number>> = { a: 1, zero: 0 };
  for (const [key, found] of [
    ['a', 1],
    ['zero', 0],
    ['b', undefined],
    ['constructor', undefined],
    ['toString', undefined],
    ['__proto__', undefined],
  ] as const)
    it(`is ${String(found)} under ${key}`, () => expect(ownEntry(table, key)).to.equal(found));
});
