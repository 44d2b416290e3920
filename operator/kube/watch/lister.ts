/** Reads what a watch knows of one resource. Never asks the server. */
export interface Lister<T> {
  /** The object as the watch last saw it; undefined if it does not know one of that name. */
  readonly get: (name: string, namespace?: string) => T | undefined;
  /** All objects. */
  readonly list: () => readonly T[];
}
