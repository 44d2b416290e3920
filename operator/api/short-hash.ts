import { createHash } from 'node:crypto';

/** Returns the first `length` hexadecimal characters of the SHA-256 hash of a text. Used in names of objects. */
export function shortHash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
