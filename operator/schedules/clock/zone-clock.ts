import { CronError } from './cron-error.ts';

/** A period without a clock change in a time zone; times in milliseconds since the epoch. */
export interface ClockSegment {
  /** The start of the period; -Infinity if there was no earlier change. */
  readonly from: number;
  /** The next change; Infinity if none is known. */
  readonly until: number;
  /** The UTC offset in milliseconds: wall-clock time minus UTC. */
  readonly offset: number;
}

const hour = 3_600_000;
/** More than any UTC offset and any clock change. */
const mostShift = 26 * hour;

/** The clock of one time zone: converts between times and wall-clock times. A wall-clock time is written as a UTC time. */
export class ZoneClock {
  readonly #timeZone: string;
  /** The periods that were requested; there are at most two per year. */
  readonly #known: ClockSegment[] = [];

  private constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  /** The clock of an IANA time zone. Throws {@link CronError} by the rules of CronJob: a name of the tz database, and never `Local`. */
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

  /** The period between two changes that contains a time. */
  segmentAt(at: number): ClockSegment {
    const known = this.#known.findLast(({ from, until }) => from <= at && at < until);
    if (known) return known;
    const segment = this.#read(at);
    this.#known.push(segment);
    return segment;
  }

  /**
   * The latest wall-clock time that the clock has shown until a time. Just after the clock was set back, it is later than the current one.
   */
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

  /** When the clock first shows a wall-clock time or a later one: the first time of two, or the end of the gap that contains it. */
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
    // If the clock changes now, the change before the next millisecond is this one.
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
