import { RESOURCES } from '../api/api-resource.ts';
import { scanStateKey } from '../api/kinds/scan-hold.ts';
import { objectChanges } from '../controller/object-changes.ts';
import { watches, watchesFor, watchesOwned, type WatchedResource } from '../controller/watched-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import { LABELS } from '../api/group.ts';
import type { ScanSchedule } from '../api/kinds/scan-schedule.ts';
import type { Scan } from '../api/kinds/scan.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { REQUEUE_SOON, writeStatus, type StatusWriterDependencies } from '../controller/status-writer.ts';
import { isConflict } from '../kube/client/kube-api-error.ts';
import { DEFAULT_SCHEDULE, leftToOtherSchedules } from './default-schedule.ts';
import { planSchedule, type SchedulePlan } from './schedule-plan.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { ConditionUpdate } from '../api/condition.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';

/** The dependencies of the ScanSchedule controller. */
export interface ScanScheduleDependencies extends ControllerBasics, Pick<StatusWriterDependencies, 'metrics'> {
  readonly client: Pick<KubeClient, 'apply' | 'create' | 'delete' | 'get'>;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** The uid of kube-system, which identifies the cluster. */
  readonly clusterIdentity: string;
  readonly schedules: Lister<ScanSchedule>;
  readonly scans: Pick<Lister<Scan>, 'list'>;
  readonly policies: Pick<Lister<SecurityPolicy>, 'list'>;
  /** The Watching condition for schedules with `spec.onChange`. */
  readonly watching: () => ConditionUpdate;
}

/** Creates Scans when they are due, deletes old ones, and writes the status with the next due time. */
export function scanScheduleController(deps: ScanScheduleDependencies): Controller {
  return new Controller({
    name: 'scanschedule',
    log: deps.log,
    observe: deps.observe,
    watches: scanScheduleWatches(),
    reconcile: (name) => reconcile(deps, name),
  });
}

/** ScanSchedules; policies and other schedules, which change what the default schedule scans; and the Scans that schedules own. */
export const scanScheduleWatches = (): readonly WatchedResource[] => [
  watchesFor(RESOURCES.schedules),
  watches(RESOURCES.schedules, () => [DEFAULT_SCHEDULE]),
  watches(RESOURCES.policies, () => [DEFAULT_SCHEDULE]),
  watchesOwned(RESOURCES.scans, 'ScanSchedule', objectChanges(scanStateKey)),
];

async function reconcile(deps: ScanScheduleDependencies, name: string): Promise<ReconcileResult> {
  const schedule = deps.schedules.get(name);
  if (!schedule || schedule.metadata.deletionTimestamp !== undefined) return {};
  const scans = deps.scans.list().filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === schedule.metadata.uid));
  const left = leftToOtherSchedules(schedule, deps.schedules.list(), deps.policies.list());
  const { clusterIdentity } = deps;
  const plan = planSchedule({ schedule, scans, now: deps.clock(), clusterIdentity, watching: deps.watching(), left });
  if (!(await carryOut(deps, schedule, plan))) return { requeueAfter: REQUEUE_SOON };
  return plan.requeueAfter === undefined ? {} : { requeueAfter: plan.requeueAfter };
}

/** Executes a plan. Returns whether the status was written. */
async function carryOut(deps: ScanScheduleDependencies, schedule: ScanSchedule, plan: SchedulePlan): Promise<boolean> {
  for (const scan of plan.remove) await deps.client.delete(RESOURCES.scans, { name: scan.metadata.name }, { uid: scan.metadata.uid });
  const isMade = plan.create === undefined || (await makeScan(deps, schedule, plan.create));
  const status = isMade ? plan.status : (plan.statusIfTaken ?? plan.status);
  // The status is written last. After a crash before it, the repeated creation finds the existing Scan.
  const written = await writeStatus(deps, RESOURCES.schedules, schedule, { status, manager: FIELD_MANAGERS.schedules });
  for (const event of plan.events) deps.events.record(RESOURCES.schedules, schedule, event);
  return written;
}

/** Creates the Scan. Returns whether it exists now and is owned by the schedule. */
async function makeScan(deps: ScanScheduleDependencies, schedule: ScanSchedule, scan: Scan): Promise<boolean> {
  try {
    await deps.client.create(RESOURCES.scans, scan);
    deps.events.record(RESOURCES.schedules, schedule, {
      type: 'Normal',
      reason: 'ScanCreated',
      message: `created Scan ${scan.metadata.name}`,
    });
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    const known = await deps.client.get<Scan>(RESOURCES.scans, { name: scan.metadata.name });
    if (known.metadata.labels?.[LABELS.schedule] === schedule.metadata.name) return true;
    deps.events.record(RESOURCES.schedules, schedule, {
      type: 'Warning',
      reason: 'NameTaken',
      message: `the Scan that is due now cannot be created: Scan ${scan.metadata.name} exists and is not owned by this ScanSchedule; delete it`,
    });
    return false;
  }
}
