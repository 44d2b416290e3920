import { createHash } from 'node:crypto';

/* Control characters, characters that turn the direction of text, invisible characters, line separators and halves of surrogate pairs. */
const HOSTILE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** What a JSON Web Token consists of. One expression for a whole token would look at each `eyJ` of a long text again and again. */
const RUN = /[\w.-]{24,}/g;
const BEGIN = 'eyJ';
/** The least characters of the first part of a token after its begin, and of the second part. */
const LEAST = 10;
const DIGEST_LENGTH = 13;

/**
 * A text of at most `limit` characters (more than 13) without hostile characters. A text that had to be changed ends in `~` and 12 digits of its hash, so two different texts stay different.
 * What looks like a JSON Web Token is replaced by REDACTED.
 */
export const boundedText = (text: string, limit: number): string => {
  const readable = withoutTokens(text);
  if (readable.length <= limit && readable.search(HOSTILE) < 0) {
    return readable;
  }
  const digest = createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, DIGEST_LENGTH - 1);
  return `${readable.slice(0, limit - DIGEST_LENGTH).replace(HOSTILE, '\ufffd')}~${digest}`;
};

/** The text with REDACTED in place of everything that looks like a JSON Web Token. */
export const withoutTokens = (text: string): string =>
  text.includes(BEGIN) ? text.replace(RUN, (run) => (run.includes(BEGIN) ? withoutTokensIn(run) : run)) : text;

/** Takes time that is proportional to the length: the sender chooses the text. */
function withoutTokensIn(run: string): string {
  const parts = run.split('.');
  const kept: string[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] ?? '';
    const begin = part.indexOf(BEGIN);
    const isToken = begin >= 0 && part.length - begin - BEGIN.length >= LEAST && (parts[index + 1] ?? '').length >= LEAST;
    kept.push(isToken ? `${part.slice(0, begin)}REDACTED` : part);
    // The second part and the signature are of the token.
    if (isToken) index += 2;
  }
  return kept.join('.');
}
