/** Cool-down periods by name. Times are of any monotonic clock. Expired entries are removed. */
export class CoolDowns {
  readonly #until = new Map<string, number>();

  /** Starts a cool-down until a time, and removes the expired ones. */
  set(name: string, until: number, now: number): void {
    for (const [other, end] of this.#until) if (end <= now) this.#until.delete(other);
    if (until > now) this.#until.set(name, until);
  }

  /** The remaining time of a cool-down; 0 if there is none. */
  left(name: string, now: number): number {
    return Math.max((this.#until.get(name) ?? now) - now, 0);
  }

  /** The number of entries; some may have expired since the last call of `set`. */
  get size(): number {
    return this.#until.size;
  }
}
