import { expect } from 'chai';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { patternExpression, patternMatch } from '../../operator/api/name-pattern.ts';

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

describe('patternExpression', () => {
  it('means the same as patternMatch, for the regular expressions of RE2', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', '*', '^', '$', '[', '(', '\\', '|', '+', '?', '{', '}') });
    fc.assert(
      fc.property(text, text, fc.boolean(), (pattern, other, isOwn) => {
        const name = isOwn ? pattern.replaceAll('*', 'ab') : other;
        expect(RE2JS.compile(patternExpression(pattern)).matcher(name).find()).to.equal(patternMatch(pattern)(name));
      }),
      { numRuns: 2000 },
    );
  });

  it('has no runs of stars', () => {
    expect(patternExpression('a**.b')).to.equal(String.raw`^a.*\.b$`);
  });
});
