/** Whether a document has all that another says; what it has besides does not matter. Lists agree item by item. */
export function contains(document: unknown, said: unknown): boolean {
  if (typeof said !== 'object' || said === null) return document === said;
  if (typeof document !== 'object' || document === null) return false;
  if (Array.isArray(said) && (!Array.isArray(document) || document.length !== said.length)) return false;
  return Object.entries(said).every(([key, value]) => value === undefined || contains((document as Record<string, unknown>)[key], value));
}
