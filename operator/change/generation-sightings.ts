/** Since when generations of policies are known here, by a clock that never goes back. */
export class GenerationSightings {
  readonly #seen = new Map<string, number>();
  #lastLook: number;

  /** What is there at the first look may have come at this time. */
  constructor(begin: number) {
    this.#lastLook = begin;
  }

  /** Looks at those that are there, with what tells each from all others: what is new has come after the last look. */
  look(generations: Iterable<string>, now: number): void {
    const there = new Set(generations);
    for (const known of [...this.#seen.keys()]) if (!there.has(known)) this.#seen.delete(known);
    for (const generation of there) if (!this.#seen.has(generation)) this.#seen.set(generation, this.#lastLook);
    this.#lastLook = now;
  }

  /** A time at which none of these was there yet; the end of time for none. */
  before(generations: Iterable<string>): number {
    return Math.min(...[...generations].map((generation) => this.#seen.get(generation) ?? Number.NEGATIVE_INFINITY));
  }
}
