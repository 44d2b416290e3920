import { setTimeout as sleep } from 'node:timers/promises';

/** The settings of a {@link RateLimit}. */
export interface RateLimitOptions {
  /** Average calls per second. */
  readonly qps: number;
  /** Maximum number of calls at once after a pause. */
  readonly burst: number;
  /** Milliseconds of a monotonic clock. Default: the clock of the process. */
  readonly now?: () => number;
}

/** A rate limiter, first come, first served. Its only state is the time at which the calls so far would end if they were evenly spread. */
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

  /** Reserves the next call. Returns the milliseconds to wait before it. */
  reserve(): number {
    const now = this.#now();
    this.#spreadUntil = Math.max(this.#spreadUntil, now) + this.#interval;
    return Math.max(this.#spreadUntil - now - this.#burst * this.#interval, 0);
  }

  /** Waits until the next call is allowed. Rejects if the signal is aborted. */
  async take(signal?: AbortSignal): Promise<void> {
    const wait = this.reserve();
    if (wait > 0) await sleep(wait, undefined, signal ? { signal } : {});
  }
}
