/** Returns a text as a CEL string literal. */
export function stringLiteral(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `'${escaped}'`;
}

/** Returns texts as a CEL list of strings. */
export const stringsLiteral = (texts: readonly string[]): string => `[${texts.map(stringLiteral).join(', ')}]`;

const doubleOf = (value: number): string => (/[.e]/.test(String(value)) ? String(value) : `${value}.0`);

/**
 * Returns a JSON value as a CEL literal. The members of lists and maps have the type `dyn`, because a literal with members of different types
 * is refused.
 */
export function jsonLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return stringLiteral(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : doubleOf(value);
  if (Array.isArray(value)) return `[${value.map(dynLiteral).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${stringLiteral(key)}: ${dynLiteral(item)}`)
    .join(', ')}}`;
}

/** Returns a JSON value as a CEL literal of the type `dyn`. */
export const dynLiteral = (value: unknown): string => `dyn(${jsonLiteral(value)})`;
