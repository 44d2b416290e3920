import { expect } from 'chai';
import { hasToken } from '../../../operator/engine/credentials/token-patterns.ts';

const [header, payload] = [`eyJ0eXAiOiJKV1Qi${'b'.repeat(600)}`, `eyJzdWIiOiJhbGljZSJ9${'c'.repeat(600)}`];

describe('a web token', () => {
  for (const [text, expected] of [
    [`${header}.${payload}.c2ln`, true],
    [`token=${header}.${payload}.c2ln`, true],
    ['jwt_eyJ0eXAiOiJKV1QiLCJhbGci.eyJzdWIiOiJhbGljZSJ9.c2ln', true],
    [`${header}.${payload}`, false],
    [`${header}.other.c2ln`, false],
  ] as const)
    it(`is ${expected ? '' : 'not '}found in ${text.slice(0, 12)}… of ${text.length} characters`, () => {
      expect(hasToken(text)).to.equal(expected);
    });

  // Without a bound, this takes minutes: a ConfigMap may have a megabyte.
  for (const begin of ['-eyJ', '_eyJ', '-eyJabcdefghijk.'])
    it(`is not searched again and again in a long text of ${begin}`, () => {
      expect(hasToken(begin.repeat(300_000 / begin.length))).to.equal(false);
    });
});
