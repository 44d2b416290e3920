import type { Recurrence } from './recurrence.ts';
import type { ClockSegment, ZoneClock } from './zone-clock.ts';

/** The wall-clock times of a schedule, written as UTC times. */
export interface WallTimes {
  /** Whether it contains each of the 24 hours. */
  readonly everyHour: boolean;
  /** The first time after the given one; undefined if there is none. */
  next(after: number): number | undefined;
  /** The last time at or before the given one; undefined if there is none. */
  previous(before: number): number | undefined;
}

const hour = 3_600_000;

/** A schedule with given hours. Each of its times runs once: when the clock first shows it, or a later one after a gap. */
export class FixedHoursCron implements Recurrence {
  readonly #clock: ZoneClock;
  readonly #walls: WallTimes;

  constructor(clock: ZoneClock, walls: WallTimes) {
    this.#clock = clock;
    this.#walls = walls;
  }

  next(after: number): number | undefined {
    return this.#firstReads(this.#walls.next(this.#clock.latestRead(after)));
  }

  previous(before: number): number | undefined {
    return this.#firstReads(this.#walls.previous(this.#clock.latestRead(before)));
  }

  #firstReads(wall: number | undefined): number | undefined {
    return wall === undefined ? undefined : this.#clock.firstReads(wall);
  }
}

/**
 * A schedule of every hour. It runs each time the clock shows one of its times, twice if the clock repeats it. A gap of whole hours does
 * not change its interval. In a gap of another size (30 minutes in Australia/Lord_Howe), a skipped time runs at the end of the gap.
 */
export class EveryHourCron implements Recurrence {
  readonly #clock: ZoneClock;
  readonly #walls: WallTimes;

  constructor(clock: ZoneClock, walls: WallTimes) {
    this.#clock = clock;
    this.#walls = walls;
  }

  next(after: number): number | undefined {
    let segment = this.#clock.segmentAt(after);
    for (let from = after; ; from = segment.from - 1) {
      const wall = this.#walls.next(from + segment.offset);
      if (wall === undefined) return undefined;
      if (wall - segment.offset < segment.until) return wall - segment.offset;
      segment = this.#clock.segmentAt(segment.until);
      if (this.#isDueAtStart(segment)) return segment.from;
    }
  }

  previous(before: number): number | undefined {
    for (let until = before; ;) {
      const segment = this.#clock.segmentAt(until);
      const wall = this.#walls.previous(until + segment.offset);
      if (wall === undefined) return undefined;
      if (wall - segment.offset >= segment.from) return wall - segment.offset;
      if (this.#isDueAtStart(segment)) return segment.from;
      until = segment.from - 1;
    }
  }

  /** Whether a segment begins with a gap that skipped one of the times. */
  #isDueAtStart({ from, offset }: ClockSegment): boolean {
    if (from === -Infinity) return false;
    const gap = offset - this.#clock.segmentAt(from - 1).offset;
    if (gap <= 0 || gap % hour === 0) return false;
    const missed = this.#walls.next(from + offset - gap - 1);
    return missed !== undefined && missed < from + offset;
  }
}
