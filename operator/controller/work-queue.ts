/** The settings of a {@link WorkQueue}. */
export interface WorkQueueOptions {
  /** The delay after the first failure, in milliseconds. It doubles with each failure in a row. Default 500. */
  readonly baseDelay?: number;
  /** The longest delay after a failure, in milliseconds. Default 300,000. */
  readonly maxDelay?: number;
  /** Returns a number between 0 and 1, for jitter. Default Math.random. */
  readonly random?: () => number;
}

/**
 * A work queue of keys, as client-go's: first in, first out. A key is queued at most once and is processed by one worker at a time. A key that
 * is added while it is processed is queued again afterwards. Each key has at most one delay: the earliest wins.
 */
export class WorkQueue {
  readonly #options: Required<WorkQueueOptions>;
  readonly #ready = new Set<string>();
  /** The keys in process, with the milliseconds that each waited. */
  readonly #active = new Map<string, number>();
  readonly #readyAt = new Map<string, number>();
  /** The keys that were added while they are processed. */
  readonly #dirty = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#options = { baseDelay: 500, maxDelay: 300_000, random: Math.random, ...options };
  }

  /** The number of keys that are ready and not taken. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Queues a key now. A key that is already queued keeps its position. */
  add(key: string): void {
    if (this.#closed) return;
    this.#clearTimer(key);
    if (this.#active.has(key)) {
      this.#dirty.add(key);
      return;
    }
    const taker = this.#takers.shift();
    if (taker) {
      this.#active.set(key, 0);
      taker(key);
    } else if (!this.#ready.has(key)) {
      this.#ready.add(key);
      this.#readyAt.set(key, performance.now());
    }
  }

  /** Queues a key after a delay in milliseconds, unless it is queued earlier. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed || this.#ready.has(key)) return;
    const at = performance.now() + milliseconds;
    const waiting = this.#timers.get(key);
    if (waiting && waiting.at <= at) return;
    this.#clearTimer(key);
    // A timer past 2^31-1 ms fires at once. The delay is capped at a day instead: a level-based reconcile may run early.
    const timer = setTimeout(() => this.add(key), Math.min(Math.max(milliseconds, 0), 86_400_000));
    this.#timers.set(key, { at, timer });
  }

  /** Queues a key with exponential back-off, less a jitter of up to a quarter, so that keys which failed together are not retried together. Returns the delay in milliseconds. */
  addAfterFailure(key: string): number {
    const { baseDelay, maxDelay, random } = this.#options;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pause = Math.round(Math.min(baseDelay * 2 ** failures, maxDelay) * (1 - random() / 4));
    this.addAfter(key, pause);
    return pause;
  }

  /** Resets the back-off of a key. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Waits for the next key. Resolves to undefined once the queue is closed. Call {@link done} for every key. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const [key] = this.#ready;
    if (key === undefined) return new Promise((resolve) => this.#takers.push(resolve));
    this.#ready.delete(key);
    const now = performance.now();
    this.#active.set(key, now - (this.#readyAt.get(key) ?? now));
    this.#readyAt.delete(key);
    return Promise.resolve(key);
  }

  /** Milliseconds that a key in process waited in the queue. */
  waited(key: string): number {
    return this.#active.get(key) ?? 0;
  }

  /** Ends the processing of a key. Queues it again if it was added meanwhile. */
  done(key: string): void {
    this.#active.delete(key);
    if (this.#dirty.delete(key)) this.add(key);
  }

  /** Closes the queue: pending and later calls of {@link take} resolve to undefined. */
  close(): void {
    this.#closed = true;
    for (const key of [...this.#timers.keys()]) this.#clearTimer(key);
    this.#ready.clear();
    this.#readyAt.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #clearTimer(key: string): void {
    const waiting = this.#timers.get(key);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#timers.delete(key);
  }
}
