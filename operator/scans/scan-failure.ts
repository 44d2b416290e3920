import type { Scan } from '../api/scan.ts';
import { messageOf } from '../kube/kube-request.ts';
import type { Ledger } from './ledger/ledger.ts';
import { podDeadlineSeconds } from './attempts/scan-job.ts';
import type { ScanStage } from './status/scan-status.ts';

/** For so long, in milliseconds, is a step tried at least, however late it is: no operator may have run until now. */
const leastPatience = 120_000;

/** A step of a Scan that failed. */
export interface StepFailure {
  readonly error: unknown;
  /** When the Scan began. */
  readonly startTime: string;
  /** The plan of the Scan; undefined if it has none, or none that can be read. */
  readonly ledger: Ledger | undefined;
  /** For how long no step has succeeded in this process, in milliseconds. */
  readonly failingFor: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The stages that a failed step can lead to: the Scan waits for another try, or has ended. */
export type FailureStage = Extract<ScanStage, { readonly stage: 'planning' | 'running' | 'refused' | 'stopped' }>;

/**
 * The stage of a Scan after a step that failed. The step is tried again until the deadline of the Scan,
 * `spec.scan.activeDeadlineSeconds`: for planning since the Scan began, for finishing since its last shard was settled, else since a
 * step last succeeded; and for two minutes at least. Past the deadline the Scan ends as Failed, so that its turn is free. Pure.
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
