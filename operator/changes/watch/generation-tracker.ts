/** A generation of a policy. */
interface ObservedGeneration {
  readonly uid?: string;
  readonly generation?: number;
}

/** Since when the present generations of policies are known here, by a clock that never goes back. */
export class GenerationTracker {
  readonly #seen = new Map<string, { readonly generation: number; readonly at: number }>();

  /** A policy was heard of. To be called as that happens: before anybody can have made a plan with this generation. */
  observe({ uid = '', generation = 0 }: ObservedGeneration, now: number): void {
    if (this.#seen.get(uid)?.generation !== generation) this.#seen.set(uid, { generation, at: now });
  }

  /** A policy is gone. */
  forget({ uid = '' }: ObservedGeneration): void {
    this.#seen.delete(uid);
  }

  /** When the first of these was heard of; the end of time for none, its beginning where one was never heard of. */
  firstObserved(generations: Iterable<ObservedGeneration>): number {
    const times = [...generations].map(({ uid = '', generation = 0 }) => {
      const seen = this.#seen.get(uid);
      return seen?.generation === generation ? seen.at : Number.NEGATIVE_INFINITY;
    });
    return Math.min(...times);
  }
}
