import { CronExpressionParser, type CronExpression } from 'cron-parser';
import { CronError } from './cron-error.ts';
import { parseEvery } from './every.ts';
import type { Recurrence } from './recurrence.ts';
import { EveryHourCron, FixedHoursCron, type WallTimes } from './wall-cron.ts';
import { ZoneClock } from './zone-clock.ts';

export { CronError } from './cron-error.ts';

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
 * Parses a schedule by the rules of CronJob: five fields, a macro, or `@every` and a duration, which counts from `anchor` (milliseconds
 * since the epoch). The time zone is an IANA name; default: UTC. Throws {@link CronError}.
 *
 * If a clock change skips a due time, it runs once at the end of the gap. If a clock change repeats a due time, it runs once, the first
 * time. A schedule with every hour keeps its interval instead: it also runs in the repeated hour, and does not run for a skipped hour.
 */
export function parseCron(schedule: string, timeZone = 'UTC', anchor = 0): Recurrence {
  const zone = ZoneClock.of(timeZone);
  const text = schedule.trim();
  const every = parseEvery(text, anchor);
  if (every) return every;
  const fields = standardFields(schedule, text.startsWith('@') ? macroOf(schedule, text) : text);
  const walls = wallTimes(schedule, fields.join(' '));
  return walls.everyHour ? new EveryHourCron(zone, walls) : new FixedHoursCron(zone, walls);
}

function macroOf(schedule: string, text: string): string {
  const expression = macros[text];
  if (expression !== undefined) return expression;
  throw new CronError('schedule', `${JSON.stringify(schedule)} is no macro: use one of ${Object.keys(macros).join(', ')}, or @every 1h30m`);
}

const standardItem = /^(\*|\?|[0-9]+|[A-Za-z]{3})(-([0-9]+|[A-Za-z]{3}))?(\/[0-9]+)?$/;
const anyItem = /^[*?](\/0*1)?$/;

/** Splits the five fields. Refuses what cron-parser accepts beyond standard cron (L, W, H, #, seconds, 7 for Sunday), as CronJob does. */
function standardFields(schedule: string, expression: string): string[] {
  const shown = JSON.stringify(schedule);
  if (/TZ=/.test(expression)) throw new CronError('schedule', `${shown}: TZ= and CRON_TZ= are not taken: use spec.timeZone`);
  const fields = expression.split(/\s+/);
  if (fields.length !== 5) {
    const hint = fields.length === 6 ? ' (there is no field for seconds)' : '';
    throw new CronError(
      'schedule',
      `${shown} must have five fields, minute hour day-of-month month day-of-week, and has ${fields.length}${hint}`,
    );
  }
  return fields.map((field, index) => {
    const items = field.split(',');
    for (const item of items)
      if (!standardItem.test(item)) throw new CronError('schedule', `${shown}: ${JSON.stringify(item)} is not standard cron`);
    if (index === 4 && items.some((item) => /^(\d+-)?0*7\b/.test(item))) throw new CronError('schedule', `${shown}: Sunday is 0, not 7`);
    // Only `*` alone means any day: then the other day field decides. Otherwise one matching day field is enough.
    return items.some((item) => anyItem.test(item)) ? '*' : field;
  });
}

/** The wall-clock times of an expression. They are written as UTC times, because no day in UTC has a gap. */
function wallTimes(schedule: string, expression: string): WallTimes {
  let cron: CronExpression;
  try {
    cron = CronExpressionParser.parse(expression, { tz: 'UTC' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CronError('schedule', `${JSON.stringify(schedule)} is not a cron expression: ${reason}`);
  }
  const from = (wall: number): CronExpression => {
    cron.reset(new Date(wall));
    return cron;
  };
  return {
    everyHour: cron.fields.hour.values.length === 24,
    next: (after) => attempt(() => from(after).next().getTime()),
    previous: (before) =>
      attempt(() =>
        from(before + 1)
          .prev()
          .getTime(),
      ),
  };
}

/** cron-parser throws when no date matches, such as 31 April. */
function attempt(find: () => number): number | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}
