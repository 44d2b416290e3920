import type { Scan } from '../api/kinds/scan.ts';
import { messageOf } from '../kube/client/kube-request.ts';
import type { Ledger } from './ledger/ledger.ts';
import { podDeadlineSeconds } from './attempts/scan-job.ts';
import type { ScanStage } from './status/scan-status.ts';
import type { ScanHold } from '../api/kinds/scan-hold.ts';

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

/** A Scan that waits while it is planned, without an error. */
export interface HeldPlan {
  /** Why the Scan waits. */
  readonly hold: ScanHold;
  /** The start of the Scan. */
  readonly startTime: string;
  /** Milliseconds for which planning has waited in this process. */
  readonly heldFor: number;
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
  const isPast = (since: number): boolean => isLate(limit, since, failingFor);
  const hold = { reason: 'HeldUp', message: `retrying after an error: ${text}` };
  const messageFor = (what: string): string => lateMessage(what, limit, text);
  if (!ledger) {
    return isPast(now - Date.parse(startTime))
      ? { stage: 'refused', reason, message: messageFor('planned') }
      : { stage: 'planning', startTime, hold };
  }
  const since = ledger.endTime === undefined ? failingFor : now - Date.parse(ledger.endTime);
  if (!isPast(since)) return { stage: 'running', ledger, hold };
  return { stage: 'stopped', ledger, reason, message: messageFor(ledger.endTime === undefined ? 'continued' : 'finished') };
}

/**
 * The stage of a Scan that waits while it is planned: it waits until the deadline, and for at least two minutes, as after a failed step. After
 * the deadline the Scan ends as Failed. Pure.
 */
export function stageWhileHeld(
  { spec }: Pick<Scan, 'spec'>,
  { hold, startTime, heldFor, now }: HeldPlan,
): Extract<FailureStage, { readonly stage: 'planning' | 'refused' }> {
  const limit = podDeadlineSeconds(spec.scan ?? {});
  if (!isLate(limit, now - Date.parse(startTime), heldFor)) return { stage: 'planning', startTime, hold };
  return { stage: 'refused', reason, message: lateMessage('planned', limit, hold.message) };
}

const reason = 'DeadlineExceeded';
const lateMessage = (what: string, limit: number, text: string): string =>
  `could not be ${what} in ${limit} seconds (spec.scan.activeDeadlineSeconds): ${text}`;

/** Whether a deadline of so many seconds has passed, and this process has waited long enough. Both times are in milliseconds. */
const isLate = (limit: number, since: number, waited: number): boolean =>
  since >= limit * 1000 && waited >= Math.min(limit * 1000, leastPatience);
