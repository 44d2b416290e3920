const second = 1000;
const seconds = 60;

/** Counts events, and says how many came in a second of the last minute on average. */
export class EventRate {
  readonly #counts = new Float64Array(seconds);
  #last = 0;

  /** Counts one event of a time. */
  count(at: number): void {
    this.#forget(at);
    const index = Math.floor(at / second) % seconds;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** The clock was set back: counting starts again. */
  setBack(): void {
    this.#counts.fill(0);
    this.#last = 0;
  }

  /** The events in a second, with one decimal. */
  perSecond(now: number): number {
    this.#forget(now);
    return Math.round((this.#counts.reduce((sum, count) => sum + count, 0) / seconds) * 10) / 10;
  }

  #forget(at: number): void {
    const now = Math.floor(at / second);
    if (now <= this.#last) return;
    const from = Math.max(this.#last + 1, now - seconds + 1);
    for (let each = from; each <= now; each += 1) this.#counts[each % seconds] = 0;
    this.#last = now;
  }
}
