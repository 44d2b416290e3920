/** The most things of a series that are remembered, whatever its limit is. */
const most = 2048;
/** So many times the limit are remembered: what was usual before must leave room for what is new. */
const room = 4;
const least = 64;
/** A new thing counts for so many days. */
const counted = 30;

/** First days in a document: each thing with its day. */
export type SavedFirstDays = readonly (readonly [thing: number, day: number])[];

/**
 * When the things of a series were first seen. Who takes one new thing a day stays under every limit of a day, so new things of the last 30 days
 * are counted. The first things are remembered, each as a number with the day on which it was first seen: four times as many as the limit, and at
 * least 64. Who has seen more of them does new things all the time.
 */
export class FirstDays {
  readonly #things: number[] = [];
  readonly #days: number[] = [];

  /** A thing is seen on a day. `known`: it is usual, and never counts. `limit`: so many new things are not reported. */
  see(thing: number, day: number, { known, limit }: { readonly known: boolean; readonly limit: number }): void {
    const index = this.#things.indexOf(thing);
    if (index >= 0) {
      if (known) this.#days[index] = 0;
      return;
    }
    if (this.#things.length >= Math.min(most, Math.max(least, room * limit))) return;
    this.#things.push(thing);
    this.#days.push(known ? 0 : day);
  }

  /** How many things are new in the 30 days until a day. */
  news(day: number): number {
    let count = 0;
    for (const first of this.#days) if (first > day - counted) count += 1;
    return count;
  }

  /** All things are usual from now on. */
  accept(): void {
    this.#days.fill(0);
  }

  /** The clock was set back: what was seen after a day was seen on it. */
  setBack(day: number): void {
    for (const [index, first] of this.#days.entries()) this.#days[index] = Math.min(first, day);
  }

  save(): SavedFirstDays {
    return this.#things.map((thing, index) => [thing, this.#days[index] ?? 0]);
  }

  /** Reads what {@link save} returned. */
  static of(saved: SavedFirstDays): FirstDays {
    const days = new FirstDays();
    for (const [thing, day] of saved.slice(0, most)) {
      days.#things.push(thing);
      days.#days.push(day);
    }
    return days;
  }
}
