import { setConditions, type ConditionUpdate } from '../api/condition.ts';
import type { ScanSchedule, ScanScheduleStatus } from '../api/kinds/scan-schedule.ts';
import { isFinished, type Scan } from '../api/kinds/scan.ts';
import { timestampOf } from '../api/timestamp.ts';
import type { LeftToOtherSchedules } from './default-schedule.ts';

/** The inputs of a plan for a schedule at one time. */
export interface ScheduleSnapshot {
  readonly schedule: ScanSchedule;
  /** The Scans that the schedule owns. */
  readonly scans: readonly Scan[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Identifies the cluster: the uid of kube-system. */
  readonly clusterIdentity: string;
  /** The Watching condition, if `spec.onChange` is set. */
  readonly watching?: ConditionUpdate;
  /** The policies that the default schedule leaves to others; undefined for any other schedule, and if there are none. */
  readonly left?: LeftToOtherSchedules | undefined;
}

/** An RFC 3339 time in milliseconds since the epoch. */
export const milliseconds = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));

/** The reason and message of the Ready condition of a valid schedule. */
export interface ReadyReason {
  readonly reason: string;
  readonly message: string;
}

/** The conditions of a valid schedule. */
export function readyConditions({ reason, message }: ReadyReason): ConditionUpdate[] {
  return [
    { type: 'Ready', status: 'True', reason, message },
    { type: 'Reconciling', status: 'False', reason, message: '' },
    { type: 'Stalled', status: 'False', reason, message: '' },
  ];
}

/** Changes of the times in a schedule's status. */
export interface ScheduleTimes {
  /** The due time that starts a Scan now. */
  readonly started?: number | undefined;
  /** The due time that has passed its deadline now. */
  readonly missed?: number | undefined;
  readonly next?: number | undefined;
  readonly create?: Scan | undefined;
  readonly replaced?: readonly Scan[];
}

/** The status of a schedule. Times that are not given keep their values. */
export function scheduleStatus(
  snapshot: ScheduleSnapshot,
  conditions: readonly ConditionUpdate[],
  { started, missed, next, create, replaced = [] }: ScheduleTimes,
): ScanScheduleStatus {
  const { schedule, now } = snapshot;
  const { status: before, metadata } = schedule;
  const generation = metadata.generation ?? 0;
  return {
    observedGeneration: generation,
    conditions: setConditions(before?.conditions, [...conditions, ...watching(snapshot)], { now: timestampOf(now), generation }),
    active: activeNames(snapshot, create, replaced).map((name) => ({ name })),
    ...optional('lastScheduleTime', started === undefined ? before?.lastScheduleTime : timestampOf(started)),
    ...optional('lastMissedTime', missed === undefined ? before?.lastMissedTime : timestampOf(missed)),
    ...optional('nextScheduleTime', next === undefined ? undefined : timestampOf(next)),
    ...optional('lastSuccessfulTime', lastSuccess(snapshot)),
  };
}

function activeNames({ scans }: ScheduleSnapshot, create: Scan | undefined, replaced: readonly Scan[]): string[] {
  const running = scans.filter((scan) => !isFinished(scan) && !replaced.includes(scan));
  const names = new Set([...running, ...(create ? [create] : [])].map(({ metadata }) => metadata.name));
  return [...names].toSorted().slice(0, mostActive);
}

/** When a Scan last completed. If that Scan was deleted, the status keeps the time. */
function lastSuccess({ schedule, scans }: ScheduleSnapshot): string | undefined {
  const completed = scans.filter(({ status }) => status?.phase === 'Complete').map(({ status }) => status?.completionTime ?? '');
  const success = [...completed, schedule.status?.lastSuccessfulTime ?? ''].toSorted().at(-1);
  return success === '' ? undefined : success;
}

function watching({ schedule: { spec }, watching: condition }: ScheduleSnapshot): ConditionUpdate[] {
  if (spec.onChange === undefined || condition === undefined) return [];
  return spec.suspend === true ? [{ type: 'Watching', status: 'False', reason: 'Suspended' }] : [condition];
}

/** The most running Scans in a status. */
const mostActive = 100;

const optional = (key: string, value: string | undefined): Record<string, string> => (value === undefined ? {} : { [key]: value });
