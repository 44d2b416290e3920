/** Whether a document contains all fields of `expected`. It may have other fields. Lists must have the same length and match item by item. */
export function contains(document: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return document === expected;
  if (typeof document !== 'object' || document === null) return false;
  if (Array.isArray(expected) && (!Array.isArray(document) || document.length !== expected.length)) return false;
  return Object.entries(expected).every(
    ([key, value]) => value === undefined || contains((document as Record<string, unknown>)[key], value),
  );
}
