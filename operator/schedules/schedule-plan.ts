import type { ConditionUpdate } from '../api/condition.ts';
import { API_VERSION, LABELS, MANAGED_BY } from '../api/group.ts';
import type { ScanScheduleStatus } from '../api/kinds/scan-schedule.ts';
import { isFinished, type Scan } from '../api/kinds/scan.ts';
import { CronError, parseCron } from './clock/cron.ts';
import { timestampOf } from '../api/timestamp.ts';
import type { LeftToOtherSchedules } from './default-schedule.ts';
import { dueTimes, type DueTimes } from './clock/due-time.ts';
import { jitterMilliseconds } from './clock/jitter.ts';
import type { Recurrence } from './clock/recurrence.ts';
import { milliseconds, readyConditions, scheduleStatus, type ScheduleSnapshot, type ReadyReason } from './schedule-status.ts';

/** An Event to record. */
export interface ScheduleEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The actions for a schedule. */
export interface SchedulePlan {
  /** The Scan to create. Its name is the same for every leader. */
  readonly create: Scan | undefined;
  /** Scans to delete: replaced ones, and finished ones beyond the history limits. */
  readonly remove: readonly Scan[];
  readonly status: ScanScheduleStatus;
  /** The status if the Scan cannot be created because its name is taken: its due time is missed. */
  readonly statusIfTaken?: ScanScheduleStatus;
  readonly events: readonly ScheduleEvent[];
  /** Milliseconds until the next action; undefined if there is none. */
  readonly requeueAfter: number | undefined;
}

/** The name of the Scan for a due time of a schedule. */
export const scheduledScanName = (schedule: string, due: number): string => `${schedule}-${Math.floor(due / 60_000)}`;

/** Plans the actions for a ScanSchedule by the rules of the CronJob controller. Pure. */
export function planSchedule(snapshot: ScheduleSnapshot): SchedulePlan {
  const { schedule, now, clusterIdentity } = snapshot;
  const { spec, status, metadata } = schedule;
  const cron = recurrenceOf(snapshot);
  if (cron instanceof CronError) return stalled(snapshot, cron);
  if (cron === undefined) return decide(snapshot, never, 0);
  const created = milliseconds(metadata.creationTimestamp) ?? now;
  const jitter = jitterMilliseconds(clusterIdentity, metadata.name, spec.jitterSeconds ?? 0);
  const last = Math.max(milliseconds(status?.lastScheduleTime) ?? 0, milliseconds(status?.lastMissedTime) ?? 0);
  return decide(snapshot, dueTimes({ cron, now, jitter, last, created, startingDeadlineSeconds: spec.startingDeadlineSeconds }), jitter);
}

/**
 * The due times of the schedule, its error, or undefined if it has no `spec.schedule`. An interval counts from the last run, as for
 * CronJob.
 */
function recurrenceOf({ schedule: { spec, status, metadata }, now }: ScheduleSnapshot): Recurrence | CronError | undefined {
  if (spec.schedule === undefined) return undefined;
  const anchor = milliseconds(status?.lastScheduleTime ?? metadata.creationTimestamp) ?? now;
  try {
    return parseCron(spec.schedule, spec.timeZone, anchor);
  } catch (error) {
    if (error instanceof CronError) return error;
    throw error;
  }
}

const never: DueTimes = { due: undefined, expires: undefined, missed: undefined, next: undefined };

/** The plan for a schedule with an error: the conditions report it, and existing Scans continue. */
function stalled(snapshot: ScheduleSnapshot, error: CronError): SchedulePlan {
  const message = `spec.${error.field}: ${error.message}`;
  const reason = error.field === 'schedule' ? 'InvalidSchedule' : 'UnknownTimeZone';
  const conditions: ConditionUpdate[] = [
    { type: 'Ready', status: 'False', reason, message },
    { type: 'Reconciling', status: 'False', reason, message: '' },
    { type: 'Stalled', status: 'True', reason, message },
  ];
  return {
    create: undefined,
    remove: [],
    status: scheduleStatus(snapshot, conditions, {}),
    events: [{ type: 'Warning', reason, message }],
    requeueAfter: undefined,
  };
}

function decide(snapshot: ScheduleSnapshot, due: DueTimes, jitter: number): SchedulePlan {
  const { schedule, left } = snapshot;
  const idle = schedule.spec.suspend === true ? suspended : left?.policies.length === 0 ? allLeft(left) : undefined;
  if (idle) {
    const status = scheduleStatus(snapshot, readyConditions(idle), {});
    return { create: undefined, remove: pastHistory(snapshot), status, events: [], requeueAfter: undefined };
  }
  return carryOn(snapshot, start(snapshot, due), { ...due, next: due.next === undefined ? undefined : due.next + jitter });
}

function carryOn(
  snapshot: ScheduleSnapshot,
  { create, replaced, waits, events }: Start,
  { due, expires, missed, next }: DueTimes,
): SchedulePlan {
  const { now, left } = snapshot;
  const conditions = readyConditions(waits ?? { reason: 'Scheduled', message: left ? shared(left) : 'the schedule is valid' });
  const times = { next, replaced };
  const status = scheduleStatus(snapshot, conditions, create ? { ...times, create, started: due } : { ...times, missed });
  const wake = Math.min(next ?? Infinity, waits ? (expires ?? Infinity) : Infinity);
  return {
    create,
    remove: [...replaced, ...pastHistory(snapshot)],
    status,
    ...(create ? { statusIfTaken: scheduleStatus(snapshot, conditions, { ...times, missed: due }) } : {}),
    events,
    requeueAfter: wake === Infinity ? undefined : Math.max(wake - now, 0),
  };
}

/** The effects of a due time. */
interface Start {
  readonly create?: Scan;
  readonly replaced: readonly Scan[];
  /** Why the due time does not start yet. */
  readonly waits?: ReadyReason;
  readonly events: readonly ScheduleEvent[];
}

/** Decides what a due time starts and replaces by the concurrency policy. Under Forbid it waits until the running Scan ends. */
function start(snapshot: ScheduleSnapshot, { due, missed }: DueTimes): Start {
  const { schedule, scans } = snapshot;
  if (missed !== undefined) {
    const message = `the scan due at ${timestampOf(missed)} is skipped: it was missed by more than startingDeadlineSeconds`;
    return { replaced: [], events: [{ type: 'Warning', reason: 'MissedSchedule', message }] };
  }
  if (due === undefined) return { replaced: [], events: [] };
  const create = scanFor(snapshot, due);
  const running = scans.filter((scan) => !isFinished(scan) && scan.metadata.name !== create.metadata.name);
  if (schedule.spec.concurrencyPolicy === 'Replace') return { create, replaced: running, events: [] };
  const [first] = running;
  if (schedule.spec.concurrencyPolicy !== 'Forbid' || !first) return { create, replaced: [], events: [] };
  const waits = { reason: 'Waiting', message: `the scan due at ${timestampOf(due)} waits: ${first.metadata.name} still runs` };
  const isNew = schedule.status?.conditions?.every(({ message }) => message !== waits.message) ?? true;
  return { replaced: [], waits, events: isNew ? [{ type: 'Normal', reason: 'StillRunning', message: waits.message }] : [] };
}

const suspended: ReadyReason = { reason: 'Suspended', message: 'no Scans are created while spec.suspend is true' };

const allLeft = ({ schedules }: LeftToOtherSchedules): ReadyReason => ({
  reason: 'StandsDown',
  message: `no Scans are created: every SecurityPolicy is scanned by ScanSchedule ${schedules.join(', ')}`,
});

const shared = ({ schedules }: LeftToOtherSchedules): string =>
  `SecurityPolicies scanned by ScanSchedule ${schedules.join(', ')} are left out`;

/** The Scan for a due time, owned by its schedule. */
function scanFor({ schedule, left }: ScheduleSnapshot, due: number): Scan {
  const { policySelector, scan } = schedule.spec;
  const which = left ? { policies: [...left.policies] } : policySelector ? { policySelector } : {};
  const { name, uid = '' } = schedule.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'Scan',
    metadata: {
      name: scheduledScanName(name, due),
      labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.schedule]: name },
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'ScanSchedule', name, uid, controller: true }],
    },
    spec: { ...which, ...(scan ? { scan } : {}) },
  };
}

/** Finished Scans beyond the history limits, oldest first. */
function pastHistory({ schedule, scans }: ScheduleSnapshot): Scan[] {
  const limits = { Complete: schedule.spec.successfulScansHistoryLimit ?? 3, Failed: schedule.spec.failedScansHistoryLimit ?? 1 };
  return (['Complete', 'Failed'] as const).flatMap((phase) => {
    const ended = scans
      .filter(({ status }) => status?.phase === phase)
      .toSorted((a, b) => ((a.status?.completionTime ?? '') < (b.status?.completionTime ?? '') ? -1 : 1));
    return ended.slice(0, Math.max(ended.length - limits[phase], 0));
  });
}
