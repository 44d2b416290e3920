import { expect } from 'chai';
import { lastLine, exitMessage, vigilReason } from '../../operator/jobs/exit-message.ts';

describe('the exit message', () => {
  for (const [what, text, wanted] of [
    ['the last line', 'one\ntwo\n\n', 'two'],
    ['the last line without control sequences', 'one\n\u001b]0;title\u0007two\n', 'two'],
    ['why a Go program crashed', 'a\nfatal error: out of memory\n\ngoroutine 1:\n', 'fatal error: out of memory'],
    ['that there is no output', ' \n', 'no output'],
  ] as const)
    it(`is ${what}`, () => expect(exitMessage(text)).to.equal(wanted));

  it('is bounded', () => expect(lastLine('x'.repeat(9000))).to.have.length(500));

  for (const [what, text, wanted] of [
    ['a verb’s', 'vigil match: the image has no /db/trivy.db\n', 'the image has no /db/trivy.db'],
    ['one with a stack trace', 'H4sIAA\nvigil: Error: no\n    at a (b.ts:1)\n', 'Error: no'],
    ['none of another program', 'trivy: no\nevigil match: no', undefined],
  ] as const)
    it(`is the error of one of Vigil’s programs: ${what}`, () => expect(vigilReason(text)).to.equal(wanted));
});
