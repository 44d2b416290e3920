import { KeyCounts } from './key-counts.ts';

/** What is known of a key: when it was first and last seen, and since when it waits to become normal after it was reported. */
export interface KnownKey {
  /** Minutes since 1970. */
  first: number;
  last: number;
  /** When it was reported. Undefined: it is normal. */
  reported?: number;
  /** It was seen on one day only, while that was learned: it may be what an attacker did then. */
  once?: true;
}

/** The bounds of the keys. */
export interface KeyBounds {
  readonly ofOwner: number;
  readonly inAll: number;
}

const usual: KeyBounds = { ofOwner: 512, inAll: 50_000 };
const minutes = (at: number): number => Math.floor(at / 60_000);
const quiet = 3 * 24 * 60;

/**
 * How far a key that is learned is trusted. `tentative`: it must be seen on another day. `same`: a new key is trusted, but one that must be seen
 * on another day still must.
 */
export type Trust = 'full' | 'tentative' | 'same';

const dayOf = (minute: number): number => Math.floor(minute / 1440);

type SavedKey = readonly [key: string, first: number, last: number, reported?: number | null, once?: 1];

/** The keys of an owner in a document. Those of version 1 have no `once`. */
export type SavedOwner = readonly [owner: string, keys: readonly SavedKey[]];

/**
 * A bounded exact map of what each owner (a principal, a workload, a namespace) has done: keys with their first and last time. If it is full,
 * the key that was not seen for the longest time goes.
 */
export class KnownKeys {
  readonly #owners = new Map<string, Map<string, KnownKey>>();
  readonly #counts = new KeyCounts();
  /** Owners of which keys were forgotten because of the bounds: what they do may only seem to be new. */
  readonly #incomplete = new Set<string>();
  readonly #bounds: KeyBounds;
  #size = 0;
  #forgotten = 0;
  #changes = 0;

  constructor(bounds: KeyBounds = usual) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#size;
  }

  /** The number of keys that went because of the bounds. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Grows with each change that a save must contain. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether keys of an owner were forgotten, so that a key that is not known may have been. */
  isIncomplete(owner: string): boolean {
    return this.#incomplete.has(owner);
  }

  /** Whether an owner has done anything. */
  hasOwner(owner: string): boolean {
    return this.#owners.has(owner);
  }

  /** The number of normal keys of an owner, or of those that begin with a text. */
  count(owner: string, prefix = ''): number {
    if (prefix === '') return this.#counts.of(owner);
    let count = 0;
    for (const [key, { reported }] of this.#owners.get(owner) ?? []) if (reported === undefined && key.startsWith(prefix)) count += 1;
    return count;
  }

  /** When an owner was first seen with a normal key, or with one that begins with a text, in milliseconds since 1970. */
  since(owner: string, prefix = ''): number | undefined {
    const first = prefix === '' ? this.#counts.since(owner) : this.#firstWith(owner, prefix);
    return first === undefined ? undefined : first * 60_000;
  }

  #firstWith(owner: string, prefix: string): number | undefined {
    const keys = [...(this.#owners.get(owner) ?? [])].filter(([key, { reported }]) => reported === undefined && key.startsWith(prefix));
    return keys.length === 0 ? undefined : Math.min(...keys.map(([, { first }]) => first));
  }

  /** The normal keys of an owner that begin with a text, the last seen first, without the text. */
  normal(owner: string, prefix: string, limit: number): readonly string[] {
    return [...(this.#owners.get(owner) ?? [])]
      .filter(([key, { reported }]) => reported === undefined && key.startsWith(prefix))
      .toSorted(([, left], [, right]) => right.last - left.last)
      .slice(0, limit)
      .map(([key]) => key.slice(prefix.length));
  }

  get(owner: string, key: string): Readonly<KnownKey> | undefined {
    return this.#owners.get(owner)?.get(key);
  }

  /** Whether the key is normal for the owner. */
  isNormal(owner: string, key: string): boolean {
    const entry = this.get(owner, key);
    return entry !== undefined && entry.reported === undefined;
  }

  /** Whether an owner has a normal key that begins with a text and that was seen on several days. */
  hasPractice(owner: string, prefix: string): boolean {
    for (const [key, { reported, once, first, last }] of this.#owners.get(owner) ?? [])
      if (reported === undefined && once !== true && dayOf(first) < dayOf(last) && key.startsWith(prefix)) return true;
    return false;
  }

  /** The number of owners of the same kind for which a key is normal. */
  peers(owner: string, key: string): number {
    return this.#counts.peers(owner, key);
  }

  /** The key is seen and is normal. */
  learn(owner: string, key: string, at: number, trust: Trust = 'full'): void {
    const isNew = this.get(owner, key) === undefined;
    const entry = this.#touch(owner, key, at);
    if (isNew && trust === 'tentative') entry.once = true;
    else if (entry.once === true && (trust === 'full' || dayOf(entry.first) !== dayOf(minutes(at)))) {
      delete entry.once;
      this.#changes += 1;
    }
    if (entry.reported === undefined) return;
    delete entry.reported;
    this.#counts.add(owner, key, entry.first);
    this.#changes += 1;
  }

  /** A key that was seen on one day only is reported, and is not normal any more. */
  doubt(owner: string, key: string, at: number): void {
    const entry = this.#owners.get(owner)?.get(key);
    if (entry === undefined || entry.reported !== undefined) return;
    entry.reported = minutes(at);
    this.#counts.remove(owner, key);
    this.#changes += 1;
  }

  /**
   * The key was reported. Returns whether it is normal from now on: three quiet days have passed since the first report, in which nothing
   * else of the owner was reported, and the behaviour is not sensitive.
   */
  report(owner: string, key: string, at: number, sensitive: boolean): boolean {
    const known = this.get(owner, key);
    const entry = this.#touch(owner, key, at, minutes(at));
    if (known === undefined) return false;
    if (entry.reported === undefined) return true;
    if (sensitive || minutes(at) - entry.reported < quiet || this.#lastReport(owner, key) > minutes(at) - quiet) return false;
    this.learn(owner, key, at);
    return true;
  }

  /** The key is no longer known: what it stands for is over. */
  remove(owner: string, key: string): void {
    const keys = this.#owners.get(owner);
    if (keys === undefined) return;
    const { forgotten } = this;
    const isIncomplete = this.isIncomplete(owner);
    this.#forget(owner, keys, key);
    this.#forgotten = forgotten;
    if (!isIncomplete) this.#incomplete.delete(owner);
  }

  /** The time of the last first report of another key of the owner, in minutes. */
  #lastReport(owner: string, besides: string): number {
    let last = 0;
    for (const [key, { reported = 0 }] of this.#owners.get(owner) ?? []) if (key !== besides && reported > last) last = reported;
    return last;
  }

  #touch(owner: string, key: string, at: number, reported?: number): KnownKey {
    const keys = this.#owners.get(owner) ?? new Map<string, KnownKey>();
    this.#owners.set(owner, keys);
    const now = minutes(at);
    const known = keys.get(key);
    if (known) {
      this.#seenAgain(owner, known, now);
      return known;
    }
    if (keys.size >= this.#bounds.ofOwner) this.#forgetOldest(owner, keys);
    const made: KnownKey = { first: now, last: now, ...(reported === undefined ? {} : { reported }) };
    keys.set(key, made);
    this.#size += 1;
    this.#changes += 1;
    if (reported === undefined) this.#counts.add(owner, key, now);
    if (this.#size > this.#bounds.inAll) this.#forgetMany();
    return made;
  }

  #seenAgain(owner: string, known: KnownKey, now: number): void {
    // What is seen all the time need not be saved each time: an hour more or less does not matter.
    if (now > known.last + 60) this.#changes += 1;
    if (now > known.last) known.last = now;
    if (now >= known.first) return;
    // A log that is replayed comes after what was seen live.
    known.first = now;
    if (known.reported === undefined) this.#counts.earlier(owner, now);
  }

  #forgetOldest(owner: string, keys: Map<string, KnownKey>): void {
    let oldest: string | undefined;
    let last = Infinity;
    for (const [key, entry] of keys) if (entry.last < last) [oldest, last] = [key, entry.last];
    if (oldest !== undefined) this.#forget(owner, keys, oldest);
  }

  /** Removes a twentieth of all keys at once: those not seen for the longest time. */
  #forgetMany(): void {
    const all = [...this.#owners].flatMap(([owner, keys]) => [...keys].map(([key, { last }]) => ({ owner, key, last })));
    all.sort((left, right) => left.last - right.last);
    for (const { owner, key } of all.slice(0, Math.ceil(this.#bounds.inAll / 20))) {
      const keys = this.#owners.get(owner);
      if (keys) this.#forget(owner, keys, key);
    }
  }

  #forget(owner: string, keys: Map<string, KnownKey>, key: string): void {
    const entry = keys.get(key);
    if (entry === undefined) return;
    if (entry.reported === undefined) this.#counts.remove(owner, key);
    keys.delete(key);
    if (keys.size === 0) {
      this.#owners.delete(owner);
      this.#counts.forget(owner);
    }
    this.#size -= 1;
    this.#forgotten += 1;
    if (this.#incomplete.size < this.#bounds.inAll) this.#incomplete.add(owner);
    this.#changes += 1;
  }

  /** The clock was set back: what was seen after `now` was seen now. */
  setBack(now: number): void {
    const latest = minutes(now);
    for (const [owner, keys] of this.#owners) {
      for (const known of keys.values()) {
        known.first = Math.min(known.first, latest);
        known.last = Math.min(known.last, latest);
        if (known.reported !== undefined) known.reported = Math.min(known.reported, latest);
      }
      this.#counts.earlier(owner, latest);
    }
    this.#changes += 1;
  }

  /** All keys, by owner. */
  *save(): Iterable<SavedOwner> {
    for (const [owner, keys] of this.#owners) yield [owner, [...keys].map(([key, known]) => savedKey(key, known))];
  }

  /** The owners of which keys were forgotten. */
  saveIncomplete(): Iterable<string> {
    return this.#incomplete;
  }

  /** Adds an owner that {@link saveIncomplete} returned. Returns false, and adds nothing, if it is none. */
  loadIncomplete(owner: unknown): boolean {
    if (typeof owner !== 'string') return false;
    if (this.#incomplete.size < this.#bounds.inAll) this.#incomplete.add(owner);
    return true;
  }

  /** Adds an owner that {@link save} returned. Returns false, and adds nothing, if it has another form. */
  load(saved: unknown): boolean {
    if (!isSavedOwner(saved)) return false;
    const [owner, list] = saved;
    const keys = new Map<string, KnownKey>();
    for (const [key, first, last, reported, once] of list.slice(0, this.#bounds.ofOwner)) {
      const isReported = typeof reported === 'number';
      keys.set(key, { first, last, ...(isReported ? { reported } : {}), ...(once === 1 ? { once: true } : {}) });
      if (!isReported) this.#counts.add(owner, key, first);
    }
    this.#owners.set(owner, keys);
    this.#size += keys.size;
    return true;
  }
}

function savedKey(key: string, { first, last, reported, once }: KnownKey): SavedKey {
  if (once === true) return [key, first, last, reported ?? null, 1];
  return reported === undefined ? [key, first, last] : [key, first, last, reported];
}

const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

function isSavedOwner(value: unknown): value is SavedOwner {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== 'string' || !Array.isArray(value[1])) return false;
  return value[1].every(
    (entry: unknown) =>
      Array.isArray(entry) &&
      typeof entry[0] === 'string' &&
      isTime(entry[1]) &&
      isTime(entry[2]) &&
      (entry[3] === undefined || entry[3] === null || isTime(entry[3])),
  );
}
