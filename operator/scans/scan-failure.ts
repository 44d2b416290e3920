import type { Scan } from '../api/kinds/scan.ts';
import { messageOf } from '../kube/client/kube-request.ts';
import type { Ledger } from './ledger/ledger.ts';
import { podDeadlineSeconds } from './attempts/scan-job.ts';
import type { ScanStage } from './status/scan-status.ts';

/** The least time for which a step is retried, in milliseconds, even past the deadline: no operator may have run until now. */
const leastPatience = 120_000;

/** A failed step of a Scan. */
export interface StepFailure {
  readonly error: unknown;
  /** The start of the Scan. */
  readonly startTime: string;
  /** The plan of the Scan; undefined if it has none that can be read. */
  readonly ledger: Ledger | undefined;
  /** Milliseconds since a step last succeeded in this process. */
  readonly failingFor: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The possible stages after a failed step: the Scan waits for a retry, or has ended. */
export type FailureStage = Extract<ScanStage, { readonly stage: 'planning' | 'running' | 'refused' | 'stopped' }>;

/**
 * The stage of a Scan after a failed step. The step is retried until the deadline, `spec.scan.activeDeadlineSeconds`, and for at least two
 * minutes. The deadline counts from the start of the Scan for planning, from the last settled shard for finishing, and else from the last
 * successful step. After the deadline the Scan ends as Failed, so that another Scan can start. Pure.
 */
export function stageAfterFailure({ spec }: Pick<Scan, 'spec'>, failure: StepFailure): FailureStage {
  const { startTime, ledger, failingFor, now } = failure;
  const text = messageOf(failure.error);
  const limit = podDeadlineSeconds(spec.scan ?? {});
  const isPast = (since: number): boolean => since >= limit * 1000 && failingFor >= Math.min(limit * 1000, leastPatience);
  const hold = { reason: 'HeldUp', message: `retrying after an error: ${text}` };
  const reason = 'DeadlineExceeded';
  const messageFor = (what: string): string => `could not be ${what} in ${limit} seconds (spec.scan.activeDeadlineSeconds): ${text}`;
  if (!ledger) {
    const isLate = isPast(now - Date.parse(startTime));
    return isLate ? { stage: 'refused', reason, message: messageFor('planned') } : { stage: 'planning', startTime, hold };
  }
  const since = ledger.endTime === undefined ? failingFor : now - Date.parse(ledger.endTime);
  if (!isPast(since)) return { stage: 'running', ledger, hold };
  return { stage: 'stopped', ledger, reason, message: messageFor(ledger.endTime === undefined ? 'continued' : 'finished') };
}
