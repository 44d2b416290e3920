/** A generation of a policy. */
interface ObservedGeneration {
  readonly uid?: string;
  readonly generation?: number;
}

/** Records when the current generation of each policy was first observed, by a monotonic clock. */
export class GenerationTracker {
  readonly #seen = new Map<string, { readonly generation: number; readonly at: number }>();

  /** Records a policy. Call it when the watch delivers the policy, before any plan can use this generation. */
  observe({ uid = '', generation = 0 }: ObservedGeneration, now: number): void {
    if (this.#seen.get(uid)?.generation !== generation) this.#seen.set(uid, { generation, at: now });
  }

  /** Forgets a deleted policy. */
  forget({ uid = '' }: ObservedGeneration): void {
    this.#seen.delete(uid);
  }

  /** When the first of these generations was observed; infinity for an empty list, minus infinity if one was never observed. */
  firstObserved(generations: Iterable<ObservedGeneration>): number {
    const times = [...generations].map(({ uid = '', generation = 0 }) => {
      const seen = this.#seen.get(uid);
      return seen?.generation === generation ? seen.at : Number.NEGATIVE_INFINITY;
    });
    return Math.min(...times);
  }
}
