/** How a queue paces retries, and what it prefers. */
export interface WorkQueueOptions {
  /** First pause after a failure, in milliseconds; doubled each time. Default 500. */
  readonly baseDelay?: number;
  /** Longest pause after failures, in milliseconds. Default 300,000. */
  readonly maxDelay?: number;
  /** How often in a row keys of a higher priority are preferred to waiting ones of a lower. Default 10. */
  readonly patience?: number;
  /** Between 0 and 1, for jitter. Default Math.random. */
  readonly random?: () => number;
}

/** What is taken first: what a person waits for, what the cluster does, what is looked at in any case. */
export type Priority = 'high' | 'normal' | 'low';

/** From the first to be taken to the last. */
const priorities: readonly Priority[] = ['high', 'normal', 'low'];

/** The keys of one priority that are ready, in their order, and how often others went before them. */
interface Lane {
  readonly keys: Set<string>;
  passedOver: number;
}

/**
 * A queue of keys: a key waits at most once, is never handed to two takers at a time, and one that is added while it is
 * being worked on comes again afterwards. Delays are kept per key: the earliest one wins. Keys of a higher priority go first,
 * but never more than `patience` in a row while one of a lower waits, so that every key comes.
 */
export class WorkQueue {
  readonly #options: Required<WorkQueueOptions>;
  readonly #lanes: Readonly<Record<Priority, Lane>> = {
    high: { keys: new Set(), passedOver: 0 },
    normal: { keys: new Set(), passedOver: 0 },
    low: { keys: new Set(), passedOver: 0 },
  };
  /** The keys that are worked on, each with the milliseconds that it waited. */
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

  /** Keys that are ready and not taken yet. */
  get depth(): number {
    return priorities.reduce((sum, priority) => sum + this.#lanes[priority].keys.size, 0);
  }

  /** Makes a key ready now. One that is ready already keeps the higher of its priorities. */
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

  /** Makes a key ready in so many milliseconds, unless it is ready before. */
  addAfter(key: string, milliseconds: number, priority: Priority = 'normal'): void {
    if (this.#closed || this.#laneOf(key) !== undefined) return;
    const at = performance.now() + milliseconds;
    const waiting = this.#timers.get(key);
    if (waiting && waiting.at <= at) return;
    this.#clearTimer(key);
    // A timer past 2^31-1 ms would fire at once; the key comes early instead, which a level-based reconcile allows.
    const timer = setTimeout(() => this.add(key, priority), Math.min(Math.max(milliseconds, 0), 86_400_000));
    this.#timers.set(key, { at, timer });
  }

  /** Makes a key ready after a pause that doubles with each failure in a row, less up to a quarter, so that keys which failed together do not come back together. Returns the pause in milliseconds. */
  addAfterFailure(key: string): number {
    const { baseDelay, maxDelay, random } = this.#options;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pause = Math.round(Math.min(baseDelay * 2 ** failures, maxDelay) * (1 - random() / 4));
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
    const key = this.#next();
    if (key === undefined) return new Promise((resolve) => this.#takers.push(resolve));
    const now = performance.now();
    this.#active.set(key, now - (this.#readyAt.get(key) ?? now));
    this.#readyAt.delete(key);
    return Promise.resolve(key);
  }

  /** Milliseconds that a key which is worked on now was ready before it was taken. */
  waited(key: string): number {
    return this.#active.get(key) ?? 0;
  }

  /** Gives a taken key back. */
  done(key: string): void {
    this.#active.delete(key);
    const again = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (again !== undefined) this.add(key, again);
  }

  /** Ends the queue: waiting takers get undefined, nothing is handed out any more. */
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

  /** Takes the first key of the lane whose patience is over, the lowest before others, else of the highest that has one. */
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
