/** Smaller steps back are those of a clock that is kept exact, in milliseconds. */
const tolerated = 1000;

/** Reads a clock, and sees if it was set back since it was read last. Milliseconds since the epoch. */
export class ClockWatch {
  readonly #clock: () => number;
  #last = Number.NEGATIVE_INFINITY;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  read(): { readonly now: number; readonly isSetBack: boolean } {
    const now = this.#clock();
    const isSetBack = now < this.#last - tolerated;
    this.#last = now;
    return { now, isSetBack };
  }
}
