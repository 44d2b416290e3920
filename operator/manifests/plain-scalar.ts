/** The words that are not strings in YAML 1.1, which kubectl reads. */
const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);
const octal = /^([-+]?)0[oO]?([0-7_]+)$/;
const hexadecimal = /^([-+]?)0[xX]([0-9a-fA-F_]+)$/;
const binary = /^([-+]?)0[bB]([01_]+)$/;
const real = /^[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$/;
const infinite = /^([-+]?)\.(inf|Inf|INF)$/;

function based(text: string, pattern: RegExp, base: number): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const value = Number.parseInt((match[2] ?? '').replaceAll('_', ''), base);
  return match[1] === '-' ? -value : value;
}

function numberOf(text: string): number | undefined {
  const other = based(text, octal, 8) ?? based(text, hexadecimal, 16) ?? based(text, binary, 2);
  if (other !== undefined) return other;
  return real.test(text) ? Number(text.replaceAll('_', '')) : undefined;
}

/** Returns whether a number can begin with a character: a digit, a sign or a point. */
const mayBeNumber = (first: number): boolean => (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;

/**
 * Returns the value of an unquoted scalar: null, a boolean, a number, or the text. Infinity and NaN remain text, because JSON does not have
 * them. -0 is 0.
 */
export function plainScalar(text: string): string | number | boolean | null {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (!mayBeNumber(text.charCodeAt(0)) || infinite.test(text)) return text;
  const number = numberOf(text);
  return number === undefined || !Number.isFinite(number) ? text : number + 0;
}
