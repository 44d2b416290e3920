/** What an Event is about and says, as far as it matters for how often it is recorded. */
export interface EventOccurrence {
  /** The object, by uid or by name. */
  readonly object: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** What becomes of one occurrence. */
export type EventDecision =
  /** It is an Event of its own. */
  | { readonly kind: 'new' }
  /** The same text about the same object is on record already. */
  | { readonly kind: 'known' }
  /** It is one of many alike: they share one Event, named by `group`, that has been counted so often. */
  | { readonly kind: 'combined'; readonly group: string; readonly count: number; readonly firstAt: number }
  /** It is too much. */
  | { readonly kind: 'dropped' };

/** The limits of a correlator; the defaults are client-go's, but for `perReason`. */
export interface EventLimits {
  /** Milliseconds for which a text is not recorded again, and after which similar Events count anew. */
  readonly interval: number;
  /** Different texts about one object, of one type and reason, that are Events of their own within an interval. */
  readonly similar: number;
  /** Writes about one object and reason at once, and milliseconds until one more. */
  readonly perObject: { readonly burst: number; readonly refill: number };
  /** Writes of one reason about any objects at once, and milliseconds until one more: etcd keeps each Event for an hour. */
  readonly perReason: { readonly burst: number; readonly refill: number };
  /** Objects and reasons that are remembered; the longest unused goes first. */
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
  /** How many share the combined Event, and since when; undefined: there is none yet. */
  combined: { count: number; readonly firstAt: number } | undefined;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Decides how often Events are recorded, as client-go's correlator does: what is the same is recorded once an interval, many similar ones share
 * one Event, and each object and reason has a budget of its own, so that a burst of one reason never starves a warning of another. Pure but for
 * what it remembers; `now` in milliseconds that only grow.
 */
export class EventCorrelator {
  readonly #limits: EventLimits;
  readonly #groups = new Map<string, Group>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: Partial<EventLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  /** Decides about one occurrence, and counts it. */
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

  /** Takes a decision back: its Event could not be recorded, and may be tried again when it occurs again. */
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

  /** Takes a token of the object's budget and one of the reason's, where both have one. */
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

  /** Keeps a value as the one used last; of too many, the one that was not used for longest goes. */
  #remember<T>(kept: Map<string, T>, name: string, value: T): void {
    kept.delete(name);
    kept.set(name, value);
    if (kept.size <= this.#limits.remembered) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }
}
