import { setConditions, type ConditionUpdate } from '../api/condition.ts';
import { API_VERSION, LABELS, MANAGED_BY } from '../api/group.ts';
import type { ScanSchedule, ScanScheduleStatus } from '../api/scan-schedule.ts';
import type { Scan } from '../api/scan.ts';
import { CronError, parseCron, type Cron } from './cron.ts';
import { dueTimes, type DueTimes } from './due-time.ts';
import { jitterMilliseconds } from './jitter.ts';

/** What a schedule looks like at a moment. */
export interface ScheduleSnapshot {
  readonly schedule: ScanSchedule;
  /** The Scans that the schedule made. */
  readonly scans: readonly Scan[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What tells this cluster from others: the uid of kube-system. */
  readonly clusterIdentity: string;
  /** How following changes goes, where the schedule asks for it. */
  readonly watching?: ConditionUpdate;
}

/** What is to be told as an Event. */
export interface ScheduleEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What is to be done for a schedule now. */
export interface SchedulePlan {
  /** The Scan to make; its name is the same whoever makes it. */
  readonly create: Scan | undefined;
  /** Scans to delete: replaced ones, and finished ones past the history limits. */
  readonly remove: readonly Scan[];
  readonly status: ScanScheduleStatus;
  readonly events: readonly ScheduleEvent[];
  /** Milliseconds until something is due; undefined when nothing ever is. */
  readonly requeueAfter: number | undefined;
}

const isFinished = ({ status }: Scan): boolean => status?.phase === 'Complete' || status?.phase === 'Failed';
const iso = (time: number): string => new Date(Math.floor(time / 1000) * 1000).toISOString().replace('.000Z', 'Z');
const milliseconds = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));

/** The name of the Scan that a schedule makes for a due time. */
export const scheduledScanName = (schedule: string, due: number): string => `${schedule}-${Math.floor(due / 60_000)}`;

/** Decides what a ScanSchedule needs now, as CronJob's controller does for Jobs. Pure. */
export function planSchedule(snapshot: ScheduleSnapshot): SchedulePlan {
  const { schedule, now, clusterIdentity } = snapshot;
  if (schedule.spec.schedule === undefined) return decide(snapshot, { due: undefined, missed: undefined, next: undefined }, 0);
  let cron: Cron;
  try {
    cron = parseCron(schedule.spec.schedule, schedule.spec.timeZone);
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    return stalled(snapshot, error);
  }
  const jitter = jitterMilliseconds(clusterIdentity, schedule.metadata.name, schedule.spec.jitterSeconds ?? 0);
  const due = dueTimes({
    cron,
    now,
    jitter,
    last: milliseconds(schedule.status?.lastScheduleTime),
    created: milliseconds(schedule.metadata.creationTimestamp) ?? now,
    startingDeadlineSeconds: schedule.spec.startingDeadlineSeconds,
  });
  return decide(snapshot, due, jitter);
}

/** A schedule that cannot be read: it says so, and what it made goes on. */
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
    status: statusOf(snapshot, conditions, { last: milliseconds(snapshot.schedule.status?.lastScheduleTime), next: undefined }),
    events: [{ type: 'Warning', reason, message }],
    requeueAfter: undefined,
  };
}

function decide(snapshot: ScheduleSnapshot, due: DueTimes, jitter: number): SchedulePlan {
  const { schedule, now } = snapshot;
  if (schedule.spec.suspend) {
    const status = statusOf(snapshot, readyConditions(true), { last: lastOf(schedule), next: undefined });
    return { create: undefined, remove: pastHistory(snapshot), status, events: [], requeueAfter: undefined };
  }
  const { create, replaced, events } = start(snapshot, due);
  const next = due.next === undefined ? undefined : due.next + jitter;
  const last = due.due ?? due.missed ?? lastOf(schedule);
  return {
    create,
    remove: [...replaced, ...pastHistory(snapshot)],
    status: statusOf(snapshot, readyConditions(false), { last, next, create, replaced }),
    events,
    requeueAfter: next === undefined ? undefined : Math.max(next - now, 0),
  };
}

const lastOf = ({ status }: ScanSchedule): number | undefined => milliseconds(status?.lastScheduleTime);

/** What a due time starts, and what it replaces, by the concurrency policy. */
function start(
  { schedule, scans }: ScheduleSnapshot,
  { due, missed }: DueTimes,
): { create: Scan | undefined; replaced: Scan[]; events: ScheduleEvent[] } {
  if (missed !== undefined) {
    const message = `the scan due at ${iso(missed)} is skipped: it was missed by more than startingDeadlineSeconds`;
    return { create: undefined, replaced: [], events: [{ type: 'Warning', reason: 'MissedSchedule', message }] };
  }
  if (due === undefined) return { create: undefined, replaced: [], events: [] };
  const create = scanFor(schedule, due);
  const others = scans.filter((scan) => !isFinished(scan) && scan.metadata.name !== create.metadata.name);
  if (schedule.spec.concurrencyPolicy === 'Replace') return { create, replaced: others, events: [] };
  const [running] = others;
  if (!running) return { create, replaced: [], events: [] };
  const message = `the scan due at ${iso(due)} is skipped: ${running.metadata.name} still runs`;
  return { create: undefined, replaced: [], events: [{ type: 'Normal', reason: 'StillRunning', message }] };
}

function readyConditions(suspend: boolean): ConditionUpdate[] {
  const reason = suspend ? 'Suspended' : 'Scheduled';
  return [
    { type: 'Ready', status: 'True', reason, message: suspend ? 'no new scans are made while spec.suspend is true' : '' },
    { type: 'Reconciling', status: 'False', reason, message: '' },
    { type: 'Stalled', status: 'False', reason, message: '' },
  ];
}

interface Times {
  readonly last: number | undefined;
  readonly next: number | undefined;
  readonly create?: Scan | undefined;
  readonly replaced?: readonly Scan[];
}

function statusOf(
  snapshot: ScheduleSnapshot,
  conditions: readonly ConditionUpdate[],
  { last, next, create, replaced = [] }: Times,
): ScanScheduleStatus {
  const { schedule, scans, now } = snapshot;
  const generation = schedule.metadata.generation ?? 0;
  const running = scans.filter((scan) => !isFinished(scan) && !replaced.includes(scan)).map(({ metadata }) => metadata.name);
  const names = [...new Set([...running, ...(create ? [create.metadata.name] : [])])].toSorted();
  const completed = scans.filter(({ status }) => status?.phase === 'Complete').map(({ status }) => status?.completionTime ?? '');
  const success = [...completed, schedule.status?.lastSuccessfulTime ?? ''].toSorted().at(-1);
  return {
    observedGeneration: generation,
    conditions: setConditions(schedule.status?.conditions, [...conditions, ...watching(snapshot)], { now: iso(now), generation }),
    active: names.map((name) => ({ name })),
    ...optional('lastScheduleTime', last === undefined ? undefined : iso(last)),
    ...optional('nextScheduleTime', next === undefined ? undefined : iso(next)),
    ...optional('lastSuccessfulTime', success === '' ? undefined : success),
  };
}

function watching({ schedule: { spec }, watching: told }: ScheduleSnapshot): ConditionUpdate[] {
  if (spec.onChange === undefined || told === undefined) return [];
  return spec.suspend === true ? [{ type: 'Watching', status: 'False', reason: 'Suspended' }] : [told];
}

const optional = (key: string, value: string | undefined): Record<string, string> => (value === undefined ? {} : { [key]: value });

/** The Scan for a due time, owned by its schedule. */
function scanFor(schedule: ScanSchedule, due: number): Scan {
  const { policySelector, scan } = schedule.spec;
  const { name, uid = '' } = schedule.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'Scan',
    metadata: {
      name: scheduledScanName(name, due),
      labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.schedule]: name },
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'ScanSchedule', name, uid, controller: true }],
    },
    spec: { ...(policySelector ? { policySelector } : {}), ...(scan ? { scan } : {}) },
  };
}

/** Finished scans past the history limits, oldest first. */
function pastHistory({ schedule, scans }: ScheduleSnapshot): Scan[] {
  const limits = { Complete: schedule.spec.successfulScansHistoryLimit ?? 3, Failed: schedule.spec.failedScansHistoryLimit ?? 3 };
  return (['Complete', 'Failed'] as const).flatMap((phase) => {
    const ended = scans
      .filter(({ status }) => status?.phase === phase)
      .toSorted((a, b) => ((a.status?.completionTime ?? '') < (b.status?.completionTime ?? '') ? -1 : 1));
    return ended.slice(0, Math.max(ended.length - limits[phase], 0));
  });
}
