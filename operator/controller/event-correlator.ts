/** The fields of an Event that decide how often it is recorded. */
export interface EventOccurrence {
  /** The involved object: its uid or its name. */
  readonly object: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** How one occurrence is recorded. */
export type EventDecision =
  /** As a new Event. */
  | { readonly kind: 'new' }
  /** Not at all: an Event with the same text about the same object exists. */
  | { readonly kind: 'known' }
  /** In one Event that many similar occurrences share. `group` identifies it; `count` includes this occurrence. */
  | { readonly kind: 'combined'; readonly group: string; readonly count: number; readonly firstAt: number }
  /** Not at all: the rate limit is exceeded. */
  | { readonly kind: 'dropped' };

/** The limits of a correlator. The defaults are those of client-go, except `perReason`. */
export interface EventLimits {
  /** Milliseconds for which a text is not recorded again. After them, the count of similar Events starts at zero. */
  readonly interval: number;
  /** Different texts with one object, type and reason that get separate Events within an interval. */
  readonly similar: number;
  /** Token bucket of one object and reason: its size, and the milliseconds until it gets one more token. */
  readonly perObject: { readonly burst: number; readonly refill: number };
  /** Token bucket of one reason over all objects: it bounds what etcd stores, since each Event is kept for an hour. */
  readonly perReason: { readonly burst: number; readonly refill: number };
  /** The size of the cache of objects and reasons. The least recently used entry is evicted. */
  readonly remembered: number;
}

const defaults: EventLimits = {
  interval: 600_000,
  similar: 10,
  perObject: { burst: 25, refill: 300_000 },
  perReason: { burst: 1000, refill: 1000 },
  remembered: 4096,
};

/** A group of similar occurrences: one object, type and reason. */
interface Group {
  firstAt: number;
  readonly texts: Set<string>;
  /** Occurrences that share the combined Event, and when the first of them occurred. Undefined: there is no combined Event yet. */
  combined: { count: number; readonly firstAt: number } | undefined;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Decides how often Events are recorded, as client-go's correlator does. The same Event is recorded once an interval. Many similar Events are
 * combined into one. Each object and reason has its own rate limit, so that a burst with one reason never suppresses a warning with another.
 * Does no I/O. `now`: milliseconds of a monotonic clock.
 */
export class EventCorrelator {
  readonly #limits: EventLimits;
  readonly #groups = new Map<string, Group>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: Partial<EventLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  /** Decides how one occurrence is recorded, and counts it. */
  decide({ object, type, reason, message }: EventOccurrence, now: number): EventDecision {
    const name = JSON.stringify([object, type, reason]);
    const group = this.#group(name, now);
    if (group.texts.has(message)) return { kind: 'known' };
    const isOwn = group.texts.size < this.#limits.similar;
    if (!this.#mayWrite(object, reason, now)) return { kind: 'dropped' };
    group.texts.add(message);
    if (isOwn) return { kind: 'new' };
    group.combined ??= { count: 0, firstAt: now };
    group.combined.count += 1;
    return { kind: 'combined', group: `${name}/${group.combined.firstAt}`, ...group.combined };
  }

  /** Reverts a decision whose Event could not be written, so that the next occurrence is recorded. */
  retract({ object, type, reason, message }: EventOccurrence): void {
    this.#groups.get(JSON.stringify([object, type, reason]))?.texts.delete(message);
  }

  #group(name: string, now: number): Group {
    const known = this.#groups.get(name);
    if (known && now - known.firstAt < this.#limits.interval) return known;
    const group: Group = { firstAt: now, texts: new Set(), combined: undefined };
    this.#remember(this.#groups, name, group);
    return group;
  }

  /** Takes one token from the bucket of the object and one from that of the reason. Returns false, and takes none, if either is empty. */
  #mayWrite(object: string, reason: string, now: number): boolean {
    const { perObject, perReason } = this.#limits;
    const budgets = [
      [this.#bucket(JSON.stringify([object, reason]), perObject, now), perObject],
      [this.#bucket(JSON.stringify([reason]), perReason, now), perReason],
    ] as const;
    if (budgets.some(([{ tokens }]) => tokens < 1)) return false;
    for (const [bucket] of budgets) bucket.tokens -= 1;
    return true;
  }

  #bucket(name: string, { burst, refill }: EventLimits['perObject'], now: number): Bucket {
    const { tokens, at } = this.#buckets.get(name) ?? { tokens: burst, at: now };
    const bucket = { tokens: Math.min(burst, tokens + (now - at) / refill), at: now };
    this.#remember(this.#buckets, name, bucket);
    return bucket;
  }

  /** Stores a value as the most recently used one. Evicts the least recently used one if there are too many. */
  #remember<T>(kept: Map<string, T>, name: string, value: T): void {
    kept.delete(name);
    kept.set(name, value);
    if (kept.size <= this.#limits.remembered) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }
}
