/** What an owner is: `user`, `account`, `ns`. Only owners of one kind are peers: what controllers do says nothing about people. */
const kindOf = (owner: string): string => owner.slice(0, Math.max(0, owner.indexOf(':')));

/** Counts of normal keys: of each owner with the time of the first, and of owners for each key. */
export class KeyCounts {
  readonly #owners = new Map<string, { first: number; normal: number }>();
  readonly #peers = new Map<string, number>();

  /** The number of normal keys of an owner. */
  of(owner: string): number {
    return this.#owners.get(owner)?.normal ?? 0;
  }

  /** When the first normal key of an owner was first seen. Undefined: it has had none. */
  since(owner: string): number | undefined {
    return this.#owners.get(owner)?.first;
  }

  /** The number of owners of the same kind for which a key is normal, the owner included. */
  peers(owner: string, key: string): number {
    return this.#peers.get(`${kindOf(owner)} ${key}`) ?? 0;
  }

  /** One normal key more, first seen at a time. */
  add(owner: string, key: string, first: number): void {
    const counts = this.#owners.get(owner) ?? { first, normal: 0 };
    counts.normal += 1;
    this.#owners.set(owner, counts);
    this.earlier(owner, first);
    this.#peers.set(`${kindOf(owner)} ${key}`, this.peers(owner, key) + 1);
  }

  /** One normal key less. */
  remove(owner: string, key: string): void {
    const counts = this.#owners.get(owner);
    if (counts) counts.normal -= 1;
    const peers = this.peers(owner, key) - 1;
    if (peers > 0) this.#peers.set(`${kindOf(owner)} ${key}`, peers);
    else this.#peers.delete(`${kindOf(owner)} ${key}`);
  }

  /** A normal key of an owner was seen earlier than known. */
  earlier(owner: string, first: number): void {
    const counts = this.#owners.get(owner);
    if (counts && first < counts.first) counts.first = first;
  }

  /** An owner has no keys any more. */
  forget(owner: string): void {
    this.#owners.delete(owner);
  }
}
