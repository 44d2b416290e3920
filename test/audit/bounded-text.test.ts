import { expect } from 'chai';
import { boundedText, withoutTokens } from '../../operator/audit/parsing/bounded-text.ts';

const [header, payload, signature] = ['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiJhbGljZSJ9', 'c2lnbmF0dXJl'];

describe('a text without tokens', () => {
  for (const [text, expected] of [
    [`Bearer ${header}.${payload}.${signature} x`, 'Bearer REDACTED x'],
    [`/a?token=${header}.${payload}`, '/a?token=REDACTED'],
    [`a.${header}.${payload}.${signature}.b`, 'a.REDACTED.b'],
    [`x${header}.${payload}.`, 'xREDACTED'],
    [`${header}.${payload}.s ${header}.${payload}.s`, 'REDACTED REDACTED'],
    ['eyJshort.eyJzdWIiOiJhbGljZSJ9', 'eyJshort.eyJzdWIiOiJhbGljZSJ9'],
    [`${header}.short`, `${header}.short`],
    [header, header],
  ] as const)
    it(`is ${expected} of ${text}`, () => {
      expect(withoutTokens(text)).to.equal(expected);
    });

  // An expression for a whole token takes minutes for these.
  for (const [title, text] of [
    ['begins of a token', 'eyJ'.repeat(33_000)],
    ['begins of a token with points', 'eyJ.'.repeat(25_000)],
    ['a first part without an end', `eyJ${'a'.repeat(99_000)}`],
  ] as const)
    it(`is found at once in ${text.length} characters that a client chose: ${title}`, () => {
      expect(withoutTokens(text)).to.equal(text);
      expect(boundedText(text, 512)).to.have.length(512);
    });
});
