import { CronError } from './cron-error.ts';

/** A stretch of time in which a zone's clock runs without a change; times in milliseconds since the epoch. */
export interface ClockSegment {
  /** Its first moment; -Infinity where no change was before it. */
  readonly from: number;
  /** The moment of the next change; Infinity where none is known. */
  readonly until: number;
  /** Wall clock less UTC. */
  readonly offset: number;
}

const hour = 3_600_000;
/** No clock was ever set back, and none differs from UTC, by more than this. */
const mostShift = 26 * hour;

/** The clock of one time zone: what it reads when, and when it reads what. A wall-clock time is written as if it were UTC. */
export class ZoneClock {
  readonly #timeZone: string;
  /** The stretches that were asked about: two a year at most. */
  readonly #known: ClockSegment[] = [];

  private constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  /** The clock of an IANA time zone. Throws {@link CronError} by CronJob's rules: a path of the tz database, and never `Local`. */
  static of(timeZone: string): ZoneClock {
    if (/^local$/i.test(timeZone)) throw unknownZone(timeZone, 'is not one zone: name it');
    if (!/^[A-Za-z][-+\w]*(\/[A-Za-z][-+\w]*)*$/.test(timeZone)) throw unknownZone(timeZone, 'is no known time zone');
    try {
      Temporal.Now.zonedDateTimeISO(timeZone);
    } catch {
      throw unknownZone(timeZone, 'is no known time zone');
    }
    return new ZoneClock(timeZone);
  }

  /** The stretch between two changes that a moment is in. */
  segmentAt(at: number): ClockSegment {
    const known = this.#known.findLast(({ from, until }) => from <= at && at < until);
    if (known) return known;
    const segment = this.#read(at);
    this.#known.push(segment);
    return segment;
  }

  /** The latest wall-clock time that the clock has read until a moment: it is later than what it reads just after it was set back. */
  latestRead(at: number): number {
    let segment = this.segmentAt(at);
    let latest = at + segment.offset;
    while (segment.from > at - mostShift) {
      const last = segment.from - 1;
      segment = this.segmentAt(last);
      latest = Math.max(latest, last + segment.offset);
    }
    return latest;
  }

  /** When the clock first reads a wall-clock time or a later one: the first of two times it reads it, or the end of the gap that it is in. */
  firstReads(wall: number): number {
    let segment = this.segmentAt(wall - mostShift);
    for (;;) {
      const at = Math.max(segment.from, wall - segment.offset);
      if (at < segment.until) return at;
      segment = this.segmentAt(segment.until);
    }
  }

  #read(at: number): ClockSegment {
    const moment = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(this.#timeZone);
    // The change before the next millisecond is this very moment, where the clock changes now.
    const before = moment.add({ milliseconds: 1 }).getTimeZoneTransition('previous');
    return {
      from: before?.epochMilliseconds ?? -Infinity,
      until: moment.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity,
      offset: moment.offsetNanoseconds / 1_000_000,
    };
  }
}

const unknownZone = (timeZone: string, what: string): CronError =>
  new CronError('timeZone', `${JSON.stringify(timeZone)} ${what}: use an IANA name such as Europe/Lisbon`);
