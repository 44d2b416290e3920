/** Returns the entries with a value. */
export function definedEntries<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // A loop, since it is called many times for each event and object.
  const defined: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) defined[key] = value;
  return defined as { [K in keyof T]?: Exclude<T[K], undefined> };
}
