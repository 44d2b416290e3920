import { shortHash } from '../../api/short-hash.ts';
import { median, usualLimit } from './usual-limit.ts';

const day = 86_400_000;
const bucket = 600_000;
const days = 14;
/** The number of different things that are counted exactly. More are many in any case. */
const mostItems = 2048;
const mostSeries = 5000;

/** How a rate is measured. */
export interface RateMeasure {
  /** The window in milliseconds. */
  readonly window: number;
  /** Nothing up to this number is reported. */
  readonly floor: number;
  /**
   * So many times the floor are not reported in a whole day either: who is slow stays under the limit of a window. Half as many after a week
   * with activity, since then it is known what is usual. 0: days are not compared.
   */
  readonly daily: number;
}

/** Something to count. */
export interface CountedEvent {
  /** What is different from others: the same item counts once in a window. */
  readonly item: string;
  readonly at: number;
  /** Default: 1. */
  readonly weight?: number;
  /** Nothing is reported, everything is learned. */
  readonly learning: boolean;
}

/** A rate above what is usual. */
export interface RateExcess {
  readonly value: number;
  /** The highest number that is usual. */
  readonly limit: number;
  readonly period: 'window' | 'day';
}

interface Series {
  /** Different items of the last window, with the time at which each was seen last and its weight. */
  readonly recent: Map<string, readonly [at: number, weight: number]>;
  bucket: number;
  /** The highest value in the current bucket of ten minutes. */
  peak: number;
  today: number;
  readonly ofToday: Set<string>;
  /** For each of the last days: its day, the different items of it, and the peaks of its buckets with activity. */
  readonly past: { readonly day: number; readonly total: number; readonly peaks: readonly number[] }[];
  /** The peaks of today. */
  peaks: number[];
  last: number;
}

/** A series in a document. */
export interface SavedSeries {
  readonly key: string;
  readonly past: readonly (readonly [day: number, total: number, peaks: readonly number[]])[];
  readonly last: number;
}

/**
 * How often something is done, by series (a detection and a principal): different items within a sliding window, compared with the buckets of
 * ten minutes of the last 14 days in which there was activity. What was reported does not become usual.
 */
export class Rates {
  readonly #series = new Map<string, Series>();
  #changes = 0;
  #forgotten = 0;

  get size(): number {
    return this.#series.size;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  get changes(): number {
    return this.#changes;
  }

  /** Counts an item, and returns the excess if the rate is now above what is usual. */
  count(key: string, { item, at, weight = 1, learning }: CountedEvent, { window, floor, daily }: RateMeasure): RateExcess | undefined {
    const series = this.#at(key, at);
    const hashed = shortHash(item, 12);
    forgetBefore(series.recent, at - window);
    // Moves to the end: the map is in the order of time.
    series.recent.delete(hashed);
    if (series.recent.size < mostItems) series.recent.set(hashed, [at, weight]);
    const value = totalOf(series.recent);
    if (series.ofToday.size < mostItems) series.ofToday.add(hashed);
    const excess = learning ? undefined : excessOf(series, value, floor, daily);
    if (excess === undefined) series.peak = Math.max(series.peak, value);
    // Ten minutes with a report count as no more than the middle: attacks that are repeated do not raise the limit.
    else series.peak = Math.min(series.peak, Math.max(1, median(peaksOf(series))));
    return excess;
  }

  /** An exception covers what was reported: today's numbers become usual. */
  accept(key: string): void {
    const series = this.#series.get(key);
    if (series) series.peak = Math.max(series.peak, totalOf(series.recent));
  }

  #at(key: string, at: number): Series {
    const known = this.#series.get(key);
    const series: Series = known ?? {
      recent: new Map(),
      bucket: Math.floor(at / bucket),
      peak: 0,
      today: Math.floor(at / day),
      ofToday: new Set(),
      past: [],
      peaks: [],
      last: at,
    };
    if (!known) this.#add(key, series);
    if (Math.floor(at / bucket) > series.bucket) endBucket(series, at);
    if (Math.floor(at / day) > series.today) {
      endDay(series, at);
      this.#changes += 1;
    }
    series.last = Math.max(series.last, at);
    return series;
  }

  #add(key: string, series: Series): void {
    this.#series.set(key, series);
    this.#changes += 1;
    if (this.#series.size <= mostSeries) return;
    const oldest = [...this.#series].toSorted(([, left], [, right]) => left.last - right.last).slice(0, mostSeries / 20);
    for (const [name] of oldest) this.#series.delete(name);
    this.#forgotten += oldest.length;
  }

  /** Lets go of what is older than any window. Called from time to time, so that idle series need no memory. */
  prune(now: number): void {
    for (const { recent, last } of this.#series.values()) if (last < now - bucket && recent.size > 0) recent.clear();
  }

  /** The clock was set back: what is counted after `now` has not happened. */
  setBack(now: number): void {
    const [lastBucket, today] = [Math.floor(now / bucket), Math.floor(now / day)];
    for (const series of this.#series.values()) {
      series.last = Math.min(series.last, now);
      if (series.bucket > lastBucket) Object.assign(series, { bucket: lastBucket, peak: 0 });
      if ([...series.recent.values()].some(([at]) => at > now)) series.recent.clear();
      if (series.today <= today) continue;
      series.today = today;
      series.ofToday.clear();
      series.peaks = [];
      while ((series.past.at(-1)?.day ?? today) > today) series.past.pop();
    }
    this.#changes += 1;
  }

  /** All series with a history. */
  *save(): Iterable<SavedSeries> {
    for (const [key, series] of this.#series) {
      const today = [series.today, series.ofToday.size, [...series.peaks, ...(series.peak > 0 ? [series.peak] : [])]] as const;
      yield { key, past: [...series.past.map(({ day: at, total, peaks }) => [at, total, peaks] as const), today], last: series.last };
    }
  }

  /** Adds a series that {@link save} returned. Returns false, and adds nothing, if it has another form. */
  load(saved: unknown): boolean {
    if (!isSavedSeries(saved)) return false;
    const { key, past, last } = saved;
    this.#series.set(key, {
      recent: new Map(),
      bucket: Math.floor(last / bucket),
      peak: 0,
      today: Math.floor(last / day),
      ofToday: new Set(),
      past: past.slice(-days).map(([at, total, peaks]) => ({ day: at, total, peaks })),
      peaks: [],
      last,
    });
    return true;
  }
}

function forgetBefore(recent: Series['recent'], time: number): void {
  for (const [old, [seen]] of recent) {
    if (seen > time) break;
    recent.delete(old);
  }
}

function totalOf(recent: Series['recent']): number {
  let total = 0;
  for (const [, weight] of recent.values()) total += weight;
  return total;
}

const peaksOf = ({ past, peaks }: Series): readonly number[] => [...past.flatMap((each) => each.peaks), ...peaks];

/** From so many days with activity on, it is known how much of a day is usual. */
const week = 7;

function excessOf(series: Series, value: number, floor: number, daily: number): RateExcess | undefined {
  if (value > floor) {
    const limit = Math.max(floor, usualLimit(peaksOf(series)));
    if (value > limit) return { value, limit, period: 'window' };
  }
  const least = floor * (series.past.length >= week ? daily / 2 : daily);
  if (daily === 0 || series.ofToday.size <= least) return undefined;
  const limit = Math.max(least, usualLimit(series.past.map(({ total }) => total)));
  return series.ofToday.size > limit ? { value: series.ofToday.size, limit, period: 'day' } : undefined;
}

function endBucket(series: Series, at: number): void {
  if (series.peak > 0) series.peaks.push(series.peak);
  series.peak = 0;
  series.bucket = Math.floor(at / bucket);
}

function endDay(series: Series, at: number): void {
  const today = Math.floor(at / day);
  // A day above what is usual counts as no more than that.
  const totals = series.past.map(({ total }) => total);
  const total =
    totals.length >= 3 ? Math.min(series.ofToday.size, Math.max(usualLimit(totals), 2 * median(totals), 1)) : series.ofToday.size;
  const last = series.past.at(-1);
  if (last?.day === series.today) {
    // A part of the day was counted before a restart.
    series.past[series.past.length - 1] = { day: last.day, total: last.total + total, peaks: sampled([...last.peaks, ...series.peaks]) };
  } else if (total > 0) series.past.push({ day: series.today, total, peaks: sampled(series.peaks) });
  while ((series.past[0]?.day ?? today) <= today - days) series.past.shift();
  series.peaks = [];
  series.ofToday.clear();
  series.today = today;
}

/** So many peaks of a day are kept: their middle and their spread stay nearly the same. */
const keptPeaks = 12;

function sampled(peaks: readonly number[]): readonly number[] {
  if (peaks.length <= keptPeaks) return peaks;
  const sorted = peaks.toSorted((left, right) => left - right);
  return Array.from({ length: keptPeaks }, (_, index) => sorted[Math.round((index * (sorted.length - 1)) / (keptPeaks - 1))] ?? 0);
}

function isSavedSeries(value: unknown): value is SavedSeries {
  if (typeof value !== 'object' || value === null) return false;
  const { key, past, last } = value as Partial<Record<keyof SavedSeries, unknown>>;
  const isNumber = (each: unknown): boolean => typeof each === 'number' && Number.isFinite(each);
  return (
    typeof key === 'string' &&
    isNumber(last) &&
    Array.isArray(past) &&
    past.every(
      (each: unknown) => Array.isArray(each) && isNumber(each[0]) && isNumber(each[1]) && Array.isArray(each[2]) && each[2].every(isNumber),
    )
  );
}
