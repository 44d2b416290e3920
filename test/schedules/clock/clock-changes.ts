/** A clock change of a zone, found with Intl only: an independent check of operator/schedules, which uses Temporal. */
export interface ClockChange {
  /** The first time after it, in milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds by which the clock is set forward; negative if it is set back. */
  readonly shift: number;
}

export const MINUTE = 60_000;
const day = 1440 * MINUTE;

/** The wall clock of a zone, read every minute. A wall-clock time is written as a UTC time. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;
  readonly #known = new Map<number, number>();

  constructor(timeZone: string) {
    const parts = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...parts });
  }

  read(at: number): number {
    return at + this.#offset(at);
  }

  /** The clock changes of a period. They must be days apart from each other. */
  changes(from: number, until: number): ClockChange[] {
    const found: ClockChange[] = [];
    for (let at = from; at < until; at += 2 * day) {
      if (this.#exactOffset(at) === this.#exactOffset(at + 2 * day)) continue;
      let [low, high] = [at, at + 2 * day];
      while (high - low > MINUTE) {
        const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
        if (this.#exactOffset(middle) === this.#exactOffset(low)) low = middle;
        else high = middle;
      }
      found.push({ at: high, shift: this.#exactOffset(high) - this.#exactOffset(low) });
    }
    return found;
  }

  /** The UTC offset, computed once per quarter of an hour unless it changes within. */
  #offset(at: number): number {
    const quarter = Math.floor(at / (15 * MINUTE)) * 15 * MINUTE;
    const [first, last] = [this.#remembered(quarter), this.#remembered(quarter + 14 * MINUTE)];
    return first === last ? first : this.#exactOffset(at);
  }

  #remembered(at: number): number {
    const known = this.#known.get(at) ?? this.#exactOffset(at);
    this.#known.set(at, known);
    return known;
  }

  #exactOffset(at: number): number {
    const {
      year = 0,
      month = 1,
      day: date = 1,
      hour = 0,
      minute = 0,
    } = Object.fromEntries(this.#format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(year, month - 1, date, hour, minute) - at;
  }
}

/** A schedule as sets; undefined means `*`. */
export interface Times {
  readonly minutes: readonly number[];
  readonly hours: readonly number[] | undefined;
  readonly date?: { readonly month: number; readonly day: number };
}

/** The five fields of a schedule. */
export function fieldsOf({ minutes, hours, date }: Times): string {
  return `${minutes.join(',')} ${hours?.join(',') ?? '*'} ${date ? `${String(date.day)} ${String(date.month)}` : '* *'} *`;
}

function names({ minutes, hours, date }: Times, wall: number): boolean {
  const time = new Date(wall);
  if (!minutes.includes(time.getUTCMinutes()) || hours?.includes(time.getUTCHours()) === false) return false;
  return date === undefined || (date.month === time.getUTCMonth() + 1 && date.day === time.getUTCDate());
}

/** The times at which an observer who reads the clock every minute would start a schedule, after `from` and until `until`. */
export function watched(times: Times, clock: WallClock, { from, until }: { readonly from: number; readonly until: number }): number[] {
  const runs: number[] = [];
  let before = clock.read(from);
  let latest = before;
  for (let at = from + MINUTE; at <= until; at += MINUTE) {
    const wall = clock.read(at);
    const missed = wall - before - MINUTE;
    // With every hour: what the clock shows counts, and what a gap of other than whole hours skipped. Otherwise: what it has not shown
    // before.
    const first = times.hours === undefined ? (missed > 0 && missed % (60 * MINUTE) !== 0 ? before + MINUTE : wall) : latest + MINUTE;
    for (let minute = first; minute <= wall; minute += MINUTE) {
      if (!names(times, minute)) continue;
      runs.push(at);
      break;
    }
    before = wall;
    latest = Math.max(latest, wall);
  }
  return runs;
}
