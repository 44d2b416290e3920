const ASTRAL = /[\ud800-\udfff]/;

/** Whether every code point is one UTF-16 unit, so that offsets of the two agree. */
export function isFlat(text: string): boolean {
  return !ASTRAL.test(text);
}

/** The code points of a string, each as a string. */
export function codePoints(text: string): string[] {
  return Array.from(text);
}

/** How many code points a string has. */
export function codePointCount(text: string): number {
  return isFlat(text) ? text.length : codePoints(text).length;
}

/** The part between two code-point offsets. */
export function sliceCodePoints(text: string, from: number, to?: number): string {
  return isFlat(text) ? text.slice(from, to) : codePoints(text).slice(from, to).join('');
}
