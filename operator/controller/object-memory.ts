import type { KubeObject } from '../api/metadata.ts';

/**
 * What a controller remembers of objects between two reconciles, by the key that its queue has. What is remembered belongs to one
 * uid: another object of the same name begins anew, and what was known of the one before it is dropped. To be told when the key's
 * object is not there any more, which its reconcile finds out in any case: so nothing outlives its object by more than that.
 */
export class ObjectMemory<T> {
  readonly #make: () => T;
  readonly #known = new Map<string, { readonly uid: string | undefined; readonly memory: T }>();

  /** `make`: what is remembered of an object that is new. */
  constructor(make: () => T) {
    this.#make = make;
  }

  /** Objects of which something is remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** What is remembered of an object. */
  of(key: string, { metadata: { uid } }: KubeObject): T {
    const known = this.#known.get(key);
    if (known && known.uid === uid) return known.memory;
    const memory = this.#make();
    this.#known.set(key, { uid, memory });
    return memory;
  }

  /** The object is not there any more, or needs nothing remembered. */
  forget(key: string): void {
    this.#known.delete(key);
  }
}
