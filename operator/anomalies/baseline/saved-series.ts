import { FirstDays, type SavedFirstDays } from './first-days.ts';
import { newSeries, type Series } from './series.ts';

type SavedDay = readonly [day: number, total: number, peaks: readonly number[]];

/** What was seen since the day began. */
interface SavedToday {
  readonly day: number;
  readonly items: readonly string[];
  /** Further items, of which only the number is kept. */
  readonly more: number;
  readonly peaks: readonly number[];
  readonly bucket: number;
  readonly peak: number;
  /** The items of the last window. */
  readonly recent: readonly (readonly [item: string, at: number, weight: number])[];
}

/** A series in a document. Version 1 had no `now` and no `firsts`: its last day of the past was the day on which it was saved. */
export interface SavedSeries {
  readonly key: string;
  readonly past: readonly SavedDay[];
  readonly last: number;
  readonly began?: number;
  readonly now?: SavedToday;
  readonly firsts?: SavedFirstDays;
}

/** So many items of today, and of the last window, are kept by name. */
const mostItems = 256;

/** Returns a series for a document. */
export function savedSeries(key: string, series: Series): SavedSeries {
  const { past, last, began, today, ofToday, uncounted, peaks, bucket, peak, recent, firsts } = series;
  const items = [...ofToday].slice(0, mostItems);
  const now: SavedToday = {
    day: today,
    items,
    more: uncounted + ofToday.size - items.length,
    peaks: [...peaks],
    bucket,
    peak,
    recent: [...recent].slice(-mostItems).map(([item, [at, weight]]) => [item, at, weight]),
  };
  return {
    key,
    past: past.map(({ day, total, peaks: ofDay }) => [day, total, ofDay] as const),
    last,
    began,
    now,
    ...(firsts === undefined ? {} : { firsts: firsts.save() }),
  };
}

/** Returns the series of a document with its key, or undefined if it has another form. `days` of the past are kept. */
export function loadedSeries(saved: unknown, days: number): { readonly key: string; readonly series: Series } | undefined {
  if (!isSavedSeries(saved)) return undefined;
  const { key, past, last, now, firsts } = saved;
  const series = newSeries(last);
  series.past.push(...past.slice(-days).map(([day, total, peaks]) => ({ day, total, peaks })));
  series.began = saved.began ?? past[0]?.[0] ?? series.today;
  if (firsts !== undefined) series.firsts = FirstDays.of(firsts);
  if (now !== undefined) resume(series, now);
  return { key, series };
}

function resume(series: Series, { day, items, more, peaks, bucket, peak, recent }: SavedToday): void {
  series.today = day;
  for (const item of items) series.ofToday.add(item);
  series.uncounted = more;
  series.peaks = [...peaks];
  series.bucket = bucket;
  series.peak = peak;
  for (const [item, at, weight] of recent) series.recent.set(item, [at, weight]);
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(isNumber);
const isListOf = (value: unknown, is: (each: readonly unknown[]) => boolean): boolean =>
  Array.isArray(value) && value.every((each: unknown) => Array.isArray(each) && is(each));

const isOptional = (value: unknown, is: (each: unknown) => boolean): boolean => value === undefined || is(value);

function isSavedSeries(value: unknown): value is SavedSeries {
  if (typeof value !== 'object' || value === null) return false;
  const { key, past, last, began, now, firsts } = value as Partial<Record<keyof SavedSeries, unknown>>;
  return (
    typeof key === 'string' &&
    isNumber(last) &&
    isListOf(past, ([day, total, peaks]) => isNumber(day) && isNumber(total) && isNumbers(peaks)) &&
    isOptional(began, isNumber) &&
    isOptional(now, isToday) &&
    isOptional(firsts, (each) => isListOf(each, ([thing, day]) => isNumber(thing) && isNumber(day)))
  );
}

function isToday(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { day, items, more, peaks, bucket, peak, recent } = value as Partial<Record<keyof SavedToday, unknown>>;
  return (
    [day, more, bucket, peak].every(isNumber) &&
    isNumbers(peaks) &&
    Array.isArray(items) &&
    items.every((item) => typeof item === 'string') &&
    isListOf(recent, ([item, at, weight]) => typeof item === 'string' && isNumber(at) && isNumber(weight))
  );
}
