interface SeenReport {
  readonly shard: number;
  readonly version: string;
  confirmed: boolean;
}

/**
 * The reports of one scan that this process made sure of, as `reportKey` names them. It spares the sweep from asking about their
 * objects, and it tells at the end which of them somebody else has changed or removed since.
 */
export class SeenReports {
  readonly #reports = new Map<string, SeenReport>();
  readonly #shards = new Set<number>();

  /** Says that a shard's results were taken in by this process. */
  collected(shard: number): void {
    this.#shards.add(shard);
  }

  /** Says that a report of a shard is now right in this version; without a version, that there can be none. */
  saw(key: string, shard: number, version: string): void {
    this.#reports.set(key, { shard, version, confirmed: version === '' });
  }

  /** Whether this process made sure of a report. */
  has(key: string): boolean {
    return this.#reports.has(key);
  }

  /** Says in which version a report is found at the end. */
  readonly found = (key: string, version: string): void => {
    const known = this.#reports.get(key);
    if (known?.version === version) known.confirmed = true;
  };

  /** Of these shards, those with a report that was not found as it was left, and those that another process took in. What is doubtful is forgotten. */
  doubtful(shards: readonly number[]): number[] {
    const doubted = new Set(shards.filter((shard) => !this.#shards.has(shard)));
    for (const [key, { shard, confirmed }] of this.#reports) {
      if (confirmed) continue;
      doubted.add(shard);
      this.#reports.delete(key);
    }
    return shards.filter((shard) => doubted.has(shard));
  }
}
