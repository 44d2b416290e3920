const ASTRAL = /[\ud800-\udfff]/;

/** Returns whether every code point is one UTF-16 unit. Offsets in both are then the same. */
export function isFlat(text: string): boolean {
  return !ASTRAL.test(text);
}

/** Returns the code points of a string as strings. */
export function codePoints(text: string): string[] {
  return Array.from(text);
}

/** Returns the number of code points of a string. */
export function codePointCount(text: string): number {
  return isFlat(text) ? text.length : codePoints(text).length;
}

/** Returns the part of a string between two code-point offsets. */
export function sliceCodePoints(text: string, from: number, to?: number): string {
  return isFlat(text) ? text.slice(from, to) : codePoints(text).slice(from, to).join('');
}
