import { expect } from 'chai';
import { patternMatch } from '../../operator/api/name-pattern.ts';

describe('patternMatch', () => {
  const rows: readonly [pattern: string, matching: readonly string[], others: readonly string[]][] = [
    ['shop', ['shop'], ['shop-1', 'my-shop', 'sho', '']],
    ['shop.', ['shop.'], ['shopx']],
    ['*', ['', 'shop', 'a*b'], []],
    ['shop*', ['shop', 'shop-1'], ['my-shop', 'sho']],
    ['*shop', ['shop', 'my-shop'], ['shop-1', 'hop']],
    ['a*a', ['aa', 'aba', 'aaa'], ['a', 'ab', 'ba']],
    ['a*b*c', ['abc', 'a1b2c', 'abbc', 'abcbc'], ['ac', 'acb', 'abb', 'ab']],
    ['ab*bc*cd', ['abbccd', 'ab-bc-cd'], ['abccd', 'abbcd', 'abcd']],
    ['a*bb*b', ['abbb', 'a-bb-b'], ['abb', 'ab']],
    ['*a*a*', ['aa', 'xaxax'], ['a', 'xax']],
    ['a**b', ['ab', 'a-b'], ['a', 'b', 'ba']],
  ];
  for (const [pattern, matching, others] of rows)
    it(`'${pattern}' matches ${matching.join(', ')} and not ${others.join(', ')}`, () => {
      const matches = patternMatch(pattern);
      expect(matching.filter((name) => !matches(name))).to.deep.equal([]);
      expect(others.filter(matches)).to.deep.equal([]);
    });
});
