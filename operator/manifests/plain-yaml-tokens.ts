import { plainScalar } from './plain-scalar.ts';

/** Thrown by the readers of plain YAML if a document uses YAML features that they do not support. */
class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

/** The one instance of {@link NotPlain}: a stack trace for each document would be slow. */
export const notPlain = new NotPlain('not plain YAML');
/** The characters that an unquoted scalar cannot begin with: YAML indicators, and features that need the full reader. */
export const indicators: ReadonlySet<string> = new Set([
  '&',
  '*',
  '!',
  '%',
  '@',
  '`',
  '?',
  ',',
  ']',
  '}',
  '|',
  '>',
  '{',
  '[',
  '"',
  "'",
  '#',
]);
/** How deep values may be nested. */
export const maximumDepth = 200;

/** Gives up: the full reader must read the document. */
export function fallBack(): never {
  throw notPlain;
}

/** Returns the index after the closing quote of a quoted scalar that begins at `start`. */
export function quotedEnd(line: string, start: number): number {
  const quote = line[start] ?? '';
  for (let at = start + 1; at < line.length; at += 1) {
    if (quote === '"' && line[at] === '\\') at += 1;
    else if (line[at] === quote) {
      if (quote === '"' || line[at + 1] !== "'") return at + 1;
      at += 1;
    }
  }
  return fallBack();
}

/** Returns the value of a quoted scalar, quotes included in `text`. */
export function unquote(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (!text.includes('\\')) return text.slice(1, -1);
  if (!/^"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"$/.test(text) || text.includes('\t')) return fallBack();
  return JSON.parse(text) as string;
}

/** Returns an unquoted key as kubectl reads it: `yes` is `true`, and `0x10` is `16`. */
export const plainKey = (text: string): string => String(plainScalar(text));
