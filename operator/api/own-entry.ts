/**
 * Returns the entry of a table under a key from outside. A key such as `constructor` finds nothing, although every object inherits a property
 * of this name.
 */
export const ownEntry = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
