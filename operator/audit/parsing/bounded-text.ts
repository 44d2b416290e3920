import { createHash } from 'node:crypto';

/* Control characters, characters that turn the direction of text, invisible characters, line separators and halves of surrogate pairs. */
const HOSTILE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const TOKEN = /eyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?/g;
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
export const withoutTokens = (text: string): string => (text.includes('eyJ') ? text.replace(TOKEN, 'REDACTED') : text);
