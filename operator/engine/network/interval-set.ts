/** A point of a line: an address as a bigint, or a port as a number. */
type Point = number | bigint;

/** The points from `start` up to, and without, `end`. */
export interface Interval<P extends Point> {
  readonly start: P;
  readonly end: P;
}

/** A set of points as disjoint intervals in ascending order. Immutable. */
export class IntervalSet<P extends Point> {
  readonly intervals: readonly Interval<P>[];

  private constructor(intervals: readonly Interval<P>[]) {
    this.intervals = intervals;
  }

  /** Returns the set of the points in any of the intervals. Empty intervals count as absent. */
  static of<P extends Point>(intervals: readonly Interval<P>[]): IntervalSet<P> {
    if (intervals.length < 2) return new IntervalSet(intervals.filter(({ start, end }) => start < end));
    const sorted = intervals.filter(({ start, end }) => start < end).sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    const merged: Interval<P>[] = [];
    for (const interval of sorted) {
      const last = merged.at(-1);
      if (last === undefined || last.end < interval.start) merged.push(interval);
      else if (last.end < interval.end) merged[merged.length - 1] = { start: last.start, end: interval.end };
    }
    return new IntervalSet(merged);
  }

  /** Returns the points in any of the sets. */
  static union<P extends Point>(sets: readonly IntervalSet<P>[]): IntervalSet<P> {
    const [first] = sets;
    return sets.length === 1 && first !== undefined ? first : IntervalSet.of(sets.flatMap(({ intervals }) => intervals));
  }

  get isEmpty(): boolean {
    return this.intervals.length === 0;
  }

  /** Whether the set has a point. */
  has(point: P): boolean {
    return this.intervals.some(({ start, end }) => start <= point && point < end);
  }

  /** Whether the set has every point of another set. */
  covers(other: IntervalSet<P>): boolean {
    let index = 0;
    return other.intervals.every(({ start, end }) => {
      while (index < this.intervals.length && (this.intervals[index] as Interval<P>).end < end) index += 1;
      const candidate = this.intervals[index];
      return candidate !== undefined && candidate.start <= start;
    });
  }

  /** Returns the points of this set that another set does not have. */
  without(other: IntervalSet<P>): IntervalSet<P> {
    const rest: Interval<P>[] = [];
    let index = 0;
    for (const { start, end } of this.intervals) {
      let from = start;
      while (index < other.intervals.length && (other.intervals[index] as Interval<P>).end <= from) index += 1;
      for (let next = index; next < other.intervals.length; next += 1) {
        const removed = other.intervals[next] as Interval<P>;
        if (removed.start >= end) break;
        if (from < removed.start) rest.push({ start: from, end: removed.start });
        if (from < removed.end) from = removed.end;
      }
      if (from < end) rest.push({ start: from, end });
    }
    return new IntervalSet(rest);
  }
}
