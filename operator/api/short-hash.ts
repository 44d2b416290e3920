import { createHash } from 'node:crypto';

/** The first `length` hex characters of the SHA-256 of a text: for names of objects. */
export function shortHash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
