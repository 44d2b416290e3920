import { shortHash } from '../../api/short-hash.ts';
import { FirstDays } from './first-days.ts';
import { loadedSeries, savedSeries, type SavedSeries } from './saved-series.ts';
import { BUCKET, DAY, newSeries, type Series } from './series.ts';
import { median, usualLimit } from './usual-limit.ts';

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
  /** So many new things within 30 days are not reported, beyond those of the first day. 0: new things are not compared. */
  readonly slow?: number;
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
  /** The highest number that is not reported. */
  readonly limit: number;
  /** Whether the limit is what was usual in the last 14 days. Otherwise it is the lowest limit of the detection. */
  readonly isLearned: boolean;
  readonly period: 'window' | 'day' | 'month';
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
  count(key: string, { item, at, weight = 1, learning }: CountedEvent, measure: RateMeasure): RateExcess | undefined {
    const { window, floor, daily, slow = 0 } = measure;
    const series = this.#at(key, at);
    const hashed = shortHash(item, 12);
    forgetBefore(series.recent, at - window);
    // Moves to the end: the map is in the order of time.
    series.recent.delete(hashed);
    if (series.recent.size < mostItems) series.recent.set(hashed, [at, weight]);
    const value = totalOf(series.recent);
    if (series.ofToday.size < mostItems) series.ofToday.add(hashed);
    // What is learned is also known to the comparison of new things.
    const news = newsOf(series, { hashed, at, learning }, slow);
    const excess = learning ? undefined : (excessOf(series, value, floor, daily) ?? news);
    if (excess === undefined || excess.period === 'month') series.peak = Math.max(series.peak, value);
    // Ten minutes with a report count as no more than the middle: attacks that are repeated do not raise the limit.
    else series.peak = Math.min(series.peak, Math.max(1, median(peaksOf(series))));
    return excess;
  }

  /** An exception covers what was reported: today's numbers become usual. */
  accept(key: string): void {
    const series = this.#series.get(key);
    if (series === undefined) return;
    series.peak = Math.max(series.peak, totalOf(series.recent));
    series.firsts?.accept();
  }

  #at(key: string, at: number): Series {
    const known = this.#series.get(key);
    const series: Series = known ?? newSeries(at);
    if (!known) this.#add(key, series);
    if (Math.floor(at / BUCKET) > series.bucket) endBucket(series, at);
    if (Math.floor(at / DAY) > series.today) {
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
    for (const { recent, last } of this.#series.values()) if (last < now - BUCKET && recent.size > 0) recent.clear();
  }

  /** The clock was set back: what is counted after `now` has not happened. */
  setBack(now: number): void {
    const [lastBucket, today] = [Math.floor(now / BUCKET), Math.floor(now / DAY)];
    for (const series of this.#series.values()) {
      series.last = Math.min(series.last, now);
      if (series.bucket > lastBucket) Object.assign(series, { bucket: lastBucket, peak: 0 });
      if ([...series.recent.values()].some(([at]) => at > now)) series.recent.clear();
      series.firsts?.setBack(today);
      series.began = Math.min(series.began, today);
      if (series.today <= today) continue;
      series.today = today;
      series.ofToday.clear();
      series.uncounted = 0;
      series.peaks = [];
      while ((series.past.at(-1)?.day ?? today) > today) series.past.pop();
    }
    this.#changes += 1;
  }

  /** All series. */
  *save(): Iterable<SavedSeries> {
    for (const [key, series] of this.#series) yield savedSeries(key, series);
  }

  /** Adds a series that {@link save} returned, also of an earlier version. Returns false, and adds nothing, if it has another form. */
  load(saved: unknown): boolean {
    const loaded = loadedSeries(saved, days);
    if (loaded === undefined) return false;
    this.#series.set(loaded.key, loaded.series);
    return true;
  }
}

/** The excess if more things than the limit are new to a series in the last 30 days. What it sees on its first day is its habit. */
function newsOf(
  series: Series,
  { hashed, at, learning }: { readonly hashed: string; readonly at: number; readonly learning: boolean },
  limit: number,
): RateExcess | undefined {
  if (limit === 0) return undefined;
  const today = Math.floor(at / DAY);
  // What was not compared until now, as by an earlier version, is compared from now on.
  if (series.firsts === undefined) series.began = today;
  series.firsts ??= new FirstDays();
  series.firsts.see(parseInt(hashed.slice(0, 7), 16), today, { known: learning || today <= series.began, limit });
  const value = series.firsts.news(today);
  return value > limit ? { value, limit, isLearned: false, period: 'month' } : undefined;
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

/** How many different things were seen today. */
const ofTodayOf = ({ ofToday, uncounted }: Series): number => ofToday.size + uncounted;

const peaksOf = ({ past, peaks }: Series): readonly number[] => [...past.flatMap((each) => each.peaks), ...peaks];

/** From so many days with activity on, it is known how much of a day is usual. */
const week = 7;

function excessOf(series: Series, value: number, floor: number, daily: number): RateExcess | undefined {
  if (value > floor) {
    const limit = Math.max(floor, usualLimit(peaksOf(series)));
    if (value > limit) return { value, limit, isLearned: limit > floor, period: 'window' };
  }
  const least = floor * (series.past.length >= week ? daily / 2 : daily);
  if (daily === 0 || ofTodayOf(series) <= least) return undefined;
  const limit = Math.max(least, usualLimit(series.past.map(({ total }) => total)));
  return ofTodayOf(series) > limit ? { value: ofTodayOf(series), limit, isLearned: limit > least, period: 'day' } : undefined;
}

function endBucket(series: Series, at: number): void {
  if (series.peak > 0) series.peaks.push(series.peak);
  series.peak = 0;
  series.bucket = Math.floor(at / BUCKET);
}

function endDay(series: Series, at: number): void {
  const today = Math.floor(at / DAY);
  // A day above what is usual counts as no more than that.
  const totals = series.past.map(({ total }) => total);
  const total = totals.length >= 3 ? Math.min(ofTodayOf(series), Math.max(usualLimit(totals), 2 * median(totals), 1)) : ofTodayOf(series);
  const last = series.past.at(-1);
  if (last?.day === series.today) {
    // A part of the day was counted before a restart.
    series.past[series.past.length - 1] = { day: last.day, total: last.total + total, peaks: sampled([...last.peaks, ...series.peaks]) };
  } else if (total > 0) series.past.push({ day: series.today, total, peaks: sampled(series.peaks) });
  while ((series.past[0]?.day ?? today) <= today - days) series.past.shift();
  series.peaks = [];
  series.ofToday.clear();
  series.uncounted = 0;
  series.today = today;
}

/** So many peaks of a day are kept: their middle and their spread stay nearly the same. */
const keptPeaks = 12;

function sampled(peaks: readonly number[]): readonly number[] {
  if (peaks.length <= keptPeaks) return peaks;
  const sorted = peaks.toSorted((left, right) => left - right);
  return Array.from({ length: keptPeaks }, (_, index) => sorted[Math.round((index * (sorted.length - 1)) / (keptPeaks - 1))] ?? 0);
}
