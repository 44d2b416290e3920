/** Reads the cache of a watch. Never calls the server. */
export interface Lister<T> {
  /** The cached object. Undefined: there is none of that name. */
  readonly get: (name: string, namespace?: string) => T | undefined;
  /** All cached objects. */
  readonly list: () => readonly T[];
}
