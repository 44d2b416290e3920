/** The settings of a {@link WorkQueue}. */
export interface WorkQueueOptions {
  /** The delay after the first failure, in milliseconds. It doubles with each failure in a row. Default 500. */
  readonly baseDelay?: number;
  /** The longest delay after a failure, in milliseconds. Default 300,000. */
  readonly maxDelay?: number;
  /** The number of keys of higher priority that may be taken in a row while a key of lower priority waits. Default 10. */
  readonly patience?: number;
  /** Returns a number between 0 and 1, for jitter. Default Math.random. */
  readonly random?: () => number;
}

/** The priority of a key: high for work that a person waits for, normal for changes in the cluster, low for periodic work. */
export type Priority = 'high' | 'normal' | 'low';

/** The priorities, from high to low. */
const priorities: readonly Priority[] = ['high', 'normal', 'low'];

/** The ready keys of one priority, first in first out, and the number of keys of other priorities taken since one of them was taken. */
interface Lane {
  readonly keys: Set<string>;
  passedOver: number;
}

/**
 * A work queue of keys, as client-go's. A key is queued at most once and is processed by one worker at a time. A key that is added while it is
 * processed is queued again afterwards. Each key has at most one delay: the earliest wins. Keys of higher priority are taken first, but at most
 * `patience` in a row while a key of lower priority waits, so that no key starves.
 */
export class WorkQueue {
  readonly #options: Required<WorkQueueOptions>;
  readonly #lanes: Readonly<Record<Priority, Lane>> = {
    high: { keys: new Set(), passedOver: 0 },
    normal: { keys: new Set(), passedOver: 0 },
    low: { keys: new Set(), passedOver: 0 },
  };
  /** The keys in process, with the milliseconds that each waited. */
  readonly #active = new Map<string, number>();
  readonly #readyAt = new Map<string, number>();
  readonly #dirty = new Map<string, Priority>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#options = { baseDelay: 500, maxDelay: 300_000, patience: 10, random: Math.random, ...options };
  }

  /** The number of keys that are ready and not taken. */
  get depth(): number {
    return priorities.reduce((sum, priority) => sum + this.#lanes[priority].keys.size, 0);
  }

  /** Queues a key now. A key that is already queued keeps the higher priority. */
  add(key: string, priority: Priority = 'normal'): void {
    if (this.#closed) return;
    this.#clearTimer(key);
    if (this.#active.has(key)) {
      this.#dirty.set(key, higher(priority, this.#dirty.get(key)));
      return;
    }
    const taker = this.#takers.shift();
    if (taker) {
      this.#active.set(key, 0);
      taker(key);
    } else this.#ready(key, priority);
  }

  /** Queues a key after a delay in milliseconds, unless it is queued earlier. */
  addAfter(key: string, milliseconds: number, priority: Priority = 'normal'): void {
    if (this.#closed || this.#laneOf(key) !== undefined) return;
    const at = performance.now() + milliseconds;
    const waiting = this.#timers.get(key);
    if (waiting && waiting.at <= at) return;
    this.#clearTimer(key);
    // A timer past 2^31-1 ms fires at once. The delay is capped at a day instead: a level-based reconcile may run early.
    const timer = setTimeout(() => this.add(key, priority), Math.min(Math.max(milliseconds, 0), 86_400_000));
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
    const key = this.#next();
    if (key === undefined) return new Promise((resolve) => this.#takers.push(resolve));
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
    const again = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (again !== undefined) this.add(key, again);
  }

  /** Closes the queue: pending and later calls of {@link take} resolve to undefined. */
  close(): void {
    this.#closed = true;
    for (const key of [...this.#timers.keys()]) this.#clearTimer(key);
    for (const priority of priorities) this.#lanes[priority].keys.clear();
    this.#readyAt.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #laneOf(key: string): Priority | undefined {
    return priorities.find((priority) => this.#lanes[priority].keys.has(key));
  }

  #ready(key: string, priority: Priority): void {
    const known = this.#laneOf(key);
    if (known === higher(priority, known)) return;
    if (known !== undefined) this.#lanes[known].keys.delete(key);
    this.#lanes[priority].keys.add(key);
    if (known === undefined) this.#readyAt.set(key, performance.now());
  }

  /** Takes a key of the lowest priority that was passed over `patience` times, else of the highest priority. */
  #next(): string | undefined {
    const waiting = priorities.map((priority) => this.#lanes[priority]).filter(({ keys }) => keys.size > 0);
    const lane = waiting.findLast(({ passedOver }) => passedOver >= this.#options.patience) ?? waiting[0];
    const [key] = lane?.keys ?? [];
    if (lane === undefined || key === undefined) return undefined;
    lane.keys.delete(key);
    for (const other of waiting) other.passedOver = other === lane ? 0 : other.passedOver + 1;
    return key;
  }

  #clearTimer(key: string): void {
    const waiting = this.#timers.get(key);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#timers.delete(key);
  }
}

function higher(a: Priority, b: Priority | undefined): Priority {
  return b !== undefined && priorities.indexOf(b) <= priorities.indexOf(a) ? b : a;
}
