import type { Recurrence } from './recurrence.ts';

/** The inputs of {@link dueTimes}; times in milliseconds since the epoch. */
export interface DueInput {
  readonly cron: Recurrence;
  readonly now: number;
  /** The due time that last started a run or was recorded as missed. */
  readonly last: number | undefined;
  /** The creation of the schedule: no earlier time is due. */
  readonly created: number;
  readonly startingDeadlineSeconds: number | undefined;
  readonly jitter: number;
}

/** The current and the next due time. */
export interface DueTimes {
  /** The latest due time that was not run. Earlier missed ones are skipped, as by CronJob. */
  readonly due: number | undefined;
  /** When `due` can no longer start, with jitter; undefined if there is no limit. */
  readonly expires: number | undefined;
  /** A due time past its starting deadline: it is skipped and recorded. */
  readonly missed: number | undefined;
  /** The next due time, without jitter. Its run starts `jitter` later. */
  readonly next: number | undefined;
}

/** Due times by the rules of CronJob, each delayed by the schedule's jitter. */
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
