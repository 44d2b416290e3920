import type { Recurrence } from './recurrence.ts';

/** What decides whether a scheduled run is due; times in milliseconds since the epoch. */
export interface DueInput {
  readonly cron: Recurrence;
  readonly now: number;
  /** The due time that last started a run, or was told as missed. */
  readonly last: number | undefined;
  /** When the schedule was made: nothing before it is due. */
  readonly created: number;
  readonly startingDeadlineSeconds: number | undefined;
  readonly jitter: number;
}

/** What is due now and what comes next. */
export interface DueTimes {
  /** The most recent due time that has come and was not run; earlier missed ones are passed over, as CronJob does. */
  readonly due: number | undefined;
  /** When `due` can no longer start, jitter included; undefined when it always can. */
  readonly expires: number | undefined;
  /** A due time that came but is past its starting deadline: it is skipped, and told. */
  readonly missed: number | undefined;
  /** The next due time, without jitter; it starts `jitter` later. */
  readonly next: number | undefined;
}

/** Due times as CronJob reckons them, each delayed by the schedule's jitter. */
export function dueTimes({ cron, now, last, created, startingDeadlineSeconds, jitter }: DueInput): DueTimes {
  const clock = now - jitter;
  const latest = cron.previous(clock);
  const next = cron.next(clock);
  const none = { due: undefined, expires: undefined, missed: undefined, next };
  if (latest === undefined || latest <= Math.max(last ?? 0, created)) return none;
  if (startingDeadlineSeconds === undefined) return { ...none, due: latest };
  const patience = startingDeadlineSeconds * 1000;
  return clock - latest > patience ? { ...none, missed: latest } : { ...none, due: latest, expires: latest + patience + jitter };
}
