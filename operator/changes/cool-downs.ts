/** Until when something is left alone, by name. Times are of any clock that never goes back. Keeps no more than is still at rest. */
export class CoolDowns {
  readonly #until = new Map<string, number>();

  /** Something is left alone until then; what is over is forgotten. */
  set(name: string, until: number, now: number): void {
    for (const [other, end] of this.#until) if (end <= now) this.#until.delete(other);
    if (until > now) this.#until.set(name, until);
  }

  /** How long it is left alone yet; 0 for not at all. */
  left(name: string, now: number): number {
    return Math.max((this.#until.get(name) ?? now) - now, 0);
  }

  /** How many are at rest, or were when one was last set. */
  get size(): number {
    return this.#until.size;
  }
}
