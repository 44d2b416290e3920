import { isQuota } from './job-events.ts';
import { oneLine } from './job-failure.ts';
import type { IndexState } from './job-state.ts';

/** For how long a Job may have no pod at work before it is given up, in milliseconds. */
export interface IdlePatience {
  /** While a quota refuses the pods. */
  readonly quota: number;
  /** While anything else refuses them. Default: 60,000. */
  readonly refusal?: number;
}

const usualRefusal = 60_000;

/** Why a Job has no pod at work. */
export interface IdleJob {
  readonly job: string;
  /** What refuses its pods: see `refusalIn`. */
  readonly refusal: string | undefined;
  /** Milliseconds since the Job was first seen without a pod at work. */
  readonly idle: number;
  /** Milliseconds that count against a quota's patience beside that, such as those before a restart. Default: 0. */
  readonly waited?: number;
}

/** How an idle Job stands, by how long it has been idle: waiting, held up, or failed as `Rejected`. Pure. */
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
