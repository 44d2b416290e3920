import type { KubeObject } from '../api/metadata.ts';

/**
 * In-memory state of a controller for each object, by queue key. The state belongs to one uid: a new object of the same name starts with new
 * state. Call {@link forget} when a reconcile finds that the object of a key does not exist, so that no state is leaked.
 */
export class ObjectMemory<T> {
  readonly #make: () => T;
  readonly #known = new Map<string, { readonly uid: string | undefined; readonly memory: T }>();

  /** `make` returns the state of a new object. */
  constructor(make: () => T) {
    this.#make = make;
  }

  /** The number of objects with state. */
  get size(): number {
    return this.#known.size;
  }

  /** The state of an object; created if there is none for its uid. */
  of(key: string, { metadata: { uid } }: KubeObject): T {
    const known = this.#known.get(key);
    if (known && known.uid === uid) return known.memory;
    const memory = this.#make();
    this.#known.set(key, { uid, memory });
    return memory;
  }

  /** Drops the state of a key. */
  forget(key: string): void {
    this.#known.delete(key);
  }
}
