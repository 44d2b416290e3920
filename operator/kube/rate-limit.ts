import { setTimeout as sleep } from 'node:timers/promises';

/** How fast calls may follow each other. */
export interface RateLimitOptions {
  /** Calls a second in the long run. */
  readonly qps: number;
  /** Calls that may come at once after a pause. */
  readonly burst: number;
  /** Milliseconds that only grow. Default: the process's. */
  readonly now?: () => number;
}

/** A limit on calls, first come, first served. It keeps one number: the time at which the calls so far would have been evenly spread. */
export class RateLimit {
  readonly #interval: number;
  readonly #burst: number;
  readonly #now: () => number;
  #spreadUntil = 0;

  constructor({ qps, burst, now = () => performance.now() }: RateLimitOptions) {
    this.#interval = 1000 / qps;
    this.#burst = burst;
    this.#now = now;
  }

  /** Takes the next place in the row. Returns the milliseconds to wait for it. */
  reserve(): number {
    const now = this.#now();
    this.#spreadUntil = Math.max(this.#spreadUntil, now) + this.#interval;
    return Math.max(this.#spreadUntil - now - this.#burst * this.#interval, 0);
  }

  /** Waits for a place. Rejects when the signal is given. */
  async take(signal?: AbortSignal): Promise<void> {
    const wait = this.reserve();
    if (wait > 0) await sleep(wait, undefined, signal ? { signal } : {});
  }
}
