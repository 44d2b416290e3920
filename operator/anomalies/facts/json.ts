/** Readers of JSON whose shape is not known. A value of another type reads as empty. */
export type Json = Readonly<Record<string, unknown>>;

const empty: Json = {};

/** The object at a path of fields. */
export function recordAt(value: unknown, ...path: readonly string[]): Json {
  let current = value;
  for (const step of path) current = isRecord(current) ? current[step] : undefined;
  return isRecord(current) ? current : empty;
}

/** The list at a path of fields. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = recordAt(value, ...path.slice(0, -1))[path.at(-1) ?? ''];
  return Array.isArray(found) ? found : [];
}

/** The text at a path of fields, or ''. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = recordAt(value, ...path.slice(0, -1))[path.at(-1) ?? ''];
  return typeof found === 'string' ? found : '';
}

/** The texts of a list at a path of fields. */
export const textsAt = (value: unknown, ...path: readonly string[]): readonly string[] =>
  listAt(value, ...path).filter((item): item is string => typeof item === 'string');

/** The number at a path of fields, or undefined. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = recordAt(value, ...path.slice(0, -1))[path.at(-1) ?? ''];
  return typeof found === 'number' ? found : undefined;
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
