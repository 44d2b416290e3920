import { expect } from 'chai';
import { durationMilliseconds, labelSelector, namePatterns } from '../../operator/api/field.ts';

describe('durationMilliseconds', () => {
  const rows: readonly [text: string, milliseconds: number | undefined][] = [
    ['1s', 1000],
    ['2m', 120_000],
    ['26h', 93_600_000],
    ['365d', 31_536_000_000],
    ['1h30m', 5_400_000],
    ['1d2h3m4s', 93_784_000],
    ['0s', 0],
    ['', undefined],
    ['5', undefined],
    ['s', undefined],
    ['1m1h', undefined],
    ['1h 30m', undefined],
    ['x1h', undefined],
    ['1hx', undefined],
    ['-1h', undefined],
    ['1.5h', undefined],
    ['999999h', 3_599_996_400_000],
    ['1000000h', undefined],
    ['9999999s', 9_999_999_000],
    ['10000000s', undefined],
    ['1000000d', undefined],
    ['1000000m', undefined],
  ];
  for (const [text, milliseconds] of rows)
    it(`of '${text}' is ${milliseconds ?? 'undefined'}`, () => expect(durationMilliseconds(text)).to.equal(milliseconds));
});

describe('the schema of a label selector', () => {
  const accepts = (value: unknown): boolean => labelSelector.safeParse(value).success;

  it('accepts label keys with and without a prefix, and refuses others', () => {
    const withKey = (key: string): unknown => ({ matchExpressions: [{ key, operator: 'Exists' }] });
    const valid = ['app', 'A', 'a.b_c-d', 'example.org/app', 'e/a', `x/${'a'.repeat(63)}`];
    const invalid = ['', '-app', 'app-', 'Example/app', '-e/a', 'e-/a', '/app', 'a/b/c', 'a b', `x/${'a'.repeat(64)}`, ' app', 'app '];
    expect(valid.filter((key) => !accepts(withKey(key)))).to.deep.equal([]);
    expect(invalid.filter((key) => accepts(withKey(key)))).to.deep.equal([]);
  });

  it('accepts label values, the empty one included, and refuses others', () => {
    const valid = ['', 'a', 'A.b_c-9', 'x'.repeat(63)];
    const invalid = ['-a', 'a-', 'a b', 'x'.repeat(64), ' a', 'a/b'];
    expect(valid.filter((app) => !accepts({ matchLabels: { app } }))).to.deep.equal([]);
    expect(invalid.filter((app) => accepts({ matchLabels: { app } }))).to.deep.equal([]);
  });

  it('refuses unknown fields and operators', () => {
    const invalid = [{ matchLabel: {} }, { matchExpressions: [{ key: 'a', operator: 'Gt' }] }, { matchExpressions: [{ key: 'a', operator: 'In', value: [] }] }]; // prettier-ignore
    expect(invalid.filter(accepts)).to.deep.equal([]);
  });
});

describe('the schema of name patterns', () => {
  it('accepts names with stars, and refuses other characters and too many patterns', () => {
    const accepts = (value: unknown): boolean => namePatterns.safeParse(value).success;
    expect([['team-*'], ['*'], ['a.b'], [], Array.from({ length: 256 }, () => 'a')].map(accepts)).to.deep.equal(Array(5).fill(true));
    const refused = [[''], ['A'], ['a b'], ['a?'], ['a'.repeat(254)], Array.from({ length: 257 }, () => 'a')];
    expect(refused.map(accepts)).to.deep.equal(Array(6).fill(false));
  });
});
