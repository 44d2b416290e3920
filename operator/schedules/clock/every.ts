import { CronError } from './cron-error.ts';
import type { Recurrence } from './recurrence.ts';

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
const duration = /^@every +(?:([0-9.]+)h)?(?:([0-9.]+)m)?(?:([0-9.]+)s)?$/;
const shortest = 60_000;

/**
 * The schedule of `@every 1h30m`: equal intervals from `anchor`, independent of clock changes. Returns undefined if the text is another
 * kind of schedule. Throws {@link CronError} if the interval is not a duration of at least a minute: Scans are named by the minute.
 */
export function parseEvery(text: string, anchor: number): Recurrence | undefined {
  if (!/^@every\b/.test(text)) return undefined;
  const parts = duration.exec(text);
  const interval = parts
    ? ['h', 'm', 's'].reduce((sum, unit, index) => sum + Number(parts[index + 1] ?? 0) * (units[unit] ?? 0), 0)
    : Number.NaN;
  if (Number.isNaN(interval) || interval < shortest)
    throw new CronError('schedule', `${JSON.stringify(text)} must name a duration of a minute or more, such as @every 1h30m`);
  return new IntervalCron(anchor, Math.floor(interval / 1000) * 1000);
}

class IntervalCron implements Recurrence {
  readonly #anchor: number;
  readonly #interval: number;

  constructor(anchor: number, interval: number) {
    this.#anchor = anchor;
    this.#interval = interval;
  }

  next(after: number): number {
    return this.#at(Math.max(this.#intervalsUntil(after) + 1, 1));
  }

  previous(before: number): number | undefined {
    const intervals = this.#intervalsUntil(before);
    return intervals < 1 ? undefined : this.#at(intervals);
  }

  #intervalsUntil(time: number): number {
    return Math.floor((time - this.#anchor) / this.#interval);
  }

  #at(intervals: number): number {
    return this.#anchor + intervals * this.#interval;
  }
}
