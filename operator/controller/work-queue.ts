/** How a queue paces retries. */
export interface WorkQueueOptions {
  /** First pause after a failure, in milliseconds; doubled each time. Default 500. */
  readonly baseDelay?: number;
  /** Longest pause after failures, in milliseconds. Default 300,000. */
  readonly maxDelay?: number;
}

/**
 * A queue of keys: a key waits at most once, is never handed to two takers at a time, and one that is added while it is
 * being worked on comes again afterwards. Delays are kept per key: the earliest one wins.
 */
export class WorkQueue {
  readonly #baseDelay: number;
  readonly #maxDelay: number;
  readonly #ready = new Set<string>();
  readonly #active = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor({ baseDelay = 500, maxDelay = 300_000 }: WorkQueueOptions = {}) {
    this.#baseDelay = baseDelay;
    this.#maxDelay = maxDelay;
  }

  /** Keys that are ready and not taken yet. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Makes a key ready now. */
  add(key: string): void {
    if (this.#closed) return;
    this.#clearTimer(key);
    if (this.#active.has(key)) {
      this.#dirty.add(key);
      return;
    }
    const taker = this.#takers.shift();
    if (taker) {
      this.#active.add(key);
      taker(key);
    } else this.#ready.add(key);
  }

  /** Makes a key ready in so many milliseconds, unless it is ready before. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed || this.#ready.has(key)) return;
    const at = Date.now() + milliseconds;
    const waiting = this.#timers.get(key);
    if (waiting && waiting.at <= at) return;
    this.#clearTimer(key);
    // A timer past 2^31-1 ms would fire at once; the key comes early instead, which a level-based reconcile allows.
    const timer = setTimeout(() => this.add(key), Math.min(Math.max(milliseconds, 0), 86_400_000));
    this.#timers.set(key, { at, timer });
  }

  /** Makes a key ready after a pause that doubles with each failure in a row. Returns the pause in milliseconds. */
  addAfterFailure(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pause = Math.min(this.#baseDelay * 2 ** failures, this.#maxDelay);
    this.addAfter(key, pause);
    return pause;
  }

  /** Forgets the failures of a key. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, as soon as there is one; undefined once the queue is closed. Every taken key must be given back with {@link done}. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#active.add(key);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Gives a taken key back. */
  done(key: string): void {
    this.#active.delete(key);
    if (this.#dirty.delete(key)) this.add(key);
  }

  /** Ends the queue: waiting takers get undefined, nothing is handed out any more. */
  close(): void {
    this.#closed = true;
    for (const key of [...this.#timers.keys()]) this.#clearTimer(key);
    this.#ready.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #clearTimer(key: string): void {
    const waiting = this.#timers.get(key);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#timers.delete(key);
  }
}
