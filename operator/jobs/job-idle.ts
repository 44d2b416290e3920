import { isQuota } from './job-events.ts';
import { oneLine } from './job-failure.ts';
import type { IndexState } from './job-state.ts';

/** The longest times for which a Job may have no active pod, in milliseconds. */
export interface IdlePatience {
  /** If a quota refuses the pods. */
  readonly quota: number;
  /** If anything else refuses the pods. Default: 60,000. */
  readonly refusal?: number;
}

const usualRefusal = 60_000;

/** A Job without an active pod. */
export interface IdleJob {
  readonly job: string;
  /** Why its pods are refused: see `refusalIn`. */
  readonly refusal: string | undefined;
  /** Milliseconds since the Job was first observed without an active pod. */
  readonly idle: number;
  /** Earlier waiting time that also counts for the quota's limit, such as before a restart, in milliseconds. Default: 0. */
  readonly waited?: number;
}

/** The state of an idle Job by the time that it has been idle: waiting, held, or failed as `Rejected`. Pure. */
export function idleState({ job, refusal, idle, waited = 0 }: IdleJob, patience: IdlePatience): IndexState {
  const { quota, refusal: longest = usualRefusal } = patience;
  if (refusal === undefined) {
    if (idle < longest) return { kind: 'waiting' };
    return { kind: 'waiting', hold: { reason: 'NoPod', message: `Job ${job} has no pod yet, and no Event gives a reason` } };
  }
  const ofQuota = isQuota(refusal);
  const message = oneLine(refusal);
  const isOver = ofQuota ? Math.max(idle, waited) >= quota : idle >= longest;
  if (isOver) return { kind: 'failed', class: 'Rejected', message };
  return { kind: 'waiting', hold: { reason: ofQuota ? 'QuotaExceeded' : 'FailedCreate', message } };
}
