import type { FirstDays } from './first-days.ts';

export const DAY = 86_400_000;
/** The length of a bucket in milliseconds. */
export const BUCKET = 600_000;

/** A day of the past: the different items of it, and the peaks of its buckets with activity. */
export interface PastDay {
  readonly day: number;
  readonly total: number;
  readonly peaks: readonly number[];
}

/** How often one principal has done one thing. */
export interface Series {
  /** Different items of the last window, with the time at which each was seen last and its weight, in the order of time. */
  readonly recent: Map<string, readonly [at: number, weight: number]>;
  bucket: number;
  /** The highest value in the current bucket of ten minutes. */
  peak: number;
  today: number;
  readonly ofToday: Set<string>;
  /** Items of today of which only the number is known: those before a restart that had no place in the document. */
  uncounted: number;
  readonly past: PastDay[];
  /** The peaks of today. */
  peaks: number[];
  last: number;
  /** The day on which it began, or on which new items were first compared. */
  began: number;
  /** When its items were first seen. Undefined: that is not compared. */
  firsts?: FirstDays;
}

/** A series that begins at a time. */
export const newSeries = (at: number): Series => ({
  recent: new Map(),
  bucket: Math.floor(at / BUCKET),
  peak: 0,
  today: Math.floor(at / DAY),
  ofToday: new Set(),
  uncounted: 0,
  past: [],
  peaks: [],
  last: at,
  began: Math.floor(at / DAY),
});
