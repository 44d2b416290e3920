import { type CronExpression, CronExpressionParser } from 'cron-parser';

/** A parsed schedule. */
export interface Cron {
  /** The first due time after the given one, in milliseconds since the epoch; undefined when there is none. */
  next(after: number): number | undefined;
  /** The last due time at or before the given one; undefined when there is none. */
  previous(before: number): number | undefined;
}

/** Why a schedule cannot be used: `field` is the spec field to mend. */
export class CronError extends Error {
  override readonly name = 'CronError';
  readonly field: 'schedule' | 'timeZone';

  constructor(field: 'schedule' | 'timeZone', message: string) {
    super(message);
    this.field = field;
  }
}

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * Parses a standard five-field cron expression or macro in a time zone (IANA name; default UTC). Throws {@link CronError}.
 * A due time that a clock change skips runs once, at the end of the gap; one that it repeats runs once.
 */
export function parseCron(schedule: string, timeZone = 'UTC'): Cron {
  const tz = knownTimeZone(timeZone);
  const text = schedule.trim();
  const expression = text.startsWith('@') ? macros[text] : text;
  if (expression === undefined)
    throw new CronError('schedule', `${JSON.stringify(schedule)} is no macro: use one of ${Object.keys(macros).join(', ')}`);
  if (expression.split(/\s+/).length !== 5)
    throw new CronError('schedule', `${JSON.stringify(schedule)} must have five fields: minute hour day-of-month month day-of-week`);
  refuseExtensions(schedule, expression);
  const within = (zone: string, currentDate: number): CronExpression =>
    CronExpressionParser.parse(expression, { tz: zone, currentDate: new Date(currentDate) });
  try {
    within(tz, 0);
  } catch (error) {
    throw new CronError(
      'schedule',
      `${JSON.stringify(schedule)} is not a cron expression: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const matchesWallClock = (wall: number): boolean =>
    attempt(() =>
      within('UTC', wall - 1)
        .next()
        .getTime(),
    ) === wall;
  return new ZonedCron(tz, {
    next: (after) => attempt(() => within(tz, after).next().getTime()),
    previous: (before) =>
      attempt(() =>
        within(tz, before + 1)
          .prev()
          .getTime(),
      ),
    matchesWallClock,
  });
}

interface Occurrences extends Cron {
  /** Whether a wall-clock time, written as if it were UTC, is one that the expression names. */
  matchesWallClock(wall: number): boolean;
}

/** Puts due times inside a daylight-saving gap at its end; cron-parser moves them by the gap's length. */
class ZonedCron implements Cron {
  readonly #zone: Zone;
  readonly #occurrences: Occurrences;

  constructor(timeZone: string, occurrences: Occurrences) {
    this.#zone = new Zone(timeZone);
    this.#occurrences = occurrences;
  }

  next(after: number): number | undefined {
    let found = this.#occurrences.next(after);
    while (found !== undefined) {
      const due = this.#settle(found);
      if (due > after) return due;
      found = this.#occurrences.next(found);
    }
    return undefined;
  }

  previous(before: number): number | undefined {
    const found = this.#occurrences.previous(before);
    if (found === undefined) return undefined;
    const later = this.next(found);
    return later !== undefined && later <= before ? later : this.#settle(found);
  }

  #settle(found: number): number {
    const wall = found + this.#zone.offset(found);
    return this.#occurrences.matchesWallClock(wall) ? found : (this.#zone.lastForwardChange(found) ?? found);
  }
}

const minute = 60_000;

/** The clock of one time zone. */
class Zone {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Wall clock less UTC, in milliseconds. */
  offset(at: number): number {
    const part = Object.fromEntries(this.#format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute: minutes = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minutes, second) - Math.floor(at / 1000) * 1000;
  }

  /** The instant within the last four hours at which the clock went forward. */
  lastForwardChange(at: number): number | undefined {
    let low = at - 240 * minute;
    let high = at;
    if (this.offset(low) >= this.offset(high)) return undefined;
    while (high - low > minute) {
      const middle = low + Math.floor((high - low) / 2 / minute) * minute;
      if (this.offset(middle) < this.offset(at)) low = middle;
      else high = middle;
    }
    return high;
  }
}

/** What cron-parser takes beyond standard cron (L, W, H, #, seconds) is refused, as CronJob refuses it. */
function refuseExtensions(schedule: string, expression: string): void {
  const standard = /^(\*|\?|[0-9]+|[A-Za-z]{3})(-([0-9]+|[A-Za-z]{3}))?(\/[0-9]+)?$/;
  for (const item of expression.split(/[\s,]+/)) {
    if (!standard.test(item)) throw new CronError('schedule', `${JSON.stringify(schedule)}: ${JSON.stringify(item)} is not standard cron`);
  }
}

/** cron-parser throws when no date matches, such as 30 February. */
function attempt(find: () => number): number | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}

function knownTimeZone(name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new CronError('timeZone', `${JSON.stringify(name)} is no known time zone: use an IANA name such as Europe/Lisbon`);
  }
}
