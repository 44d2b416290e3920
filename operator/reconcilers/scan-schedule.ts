import { RESOURCES } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import { LABELS } from '../api/group.ts';
import type { ScanSchedule } from '../api/scan-schedule.ts';
import type { Scan } from '../api/scan.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { LOOK_AGAIN, writeStatus } from '../controller/status-writer.ts';
import { isConflict } from '../kube/kube-api-error.ts';
import { leftToOthers } from '../schedule/default-schedule.ts';
import { planSchedule, type SchedulePlan } from '../schedule/schedule-plan.ts';
import type { World } from './world.ts';

/** Makes Scans when they are due, keeps their history short, and tells when the next one comes. */
export function scanScheduleController(world: World): Controller {
  return new Controller({
    name: 'scanschedule',
    log: world.log,
    observe: world.observe,
    reconcile: (name) => reconcile(world, name),
  });
}

async function reconcile(world: World, name: string): Promise<ReconcileResult> {
  const schedule = world.schedules.get(name);
  if (!schedule || schedule.metadata.deletionTimestamp !== undefined) return {};
  const scans = world.scans.list().filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === schedule.metadata.uid));
  const left = leftToOthers(schedule, world.schedules.list(), world.policies.list());
  const { clusterIdentity } = world;
  const plan = planSchedule({ schedule, scans, now: world.clock(), clusterIdentity, watching: world.watching(), left });
  if (!(await carryOut(world, schedule, plan))) return { requeueAfter: LOOK_AGAIN };
  return plan.requeueAfter === undefined ? {} : { requeueAfter: plan.requeueAfter };
}

/** Returns whether the status is now as it should be. */
async function carryOut(world: World, schedule: ScanSchedule, plan: SchedulePlan): Promise<boolean> {
  for (const scan of plan.remove) await world.client.delete(RESOURCES.scans, { name: scan.metadata.name }, { uid: scan.metadata.uid });
  const isMade = plan.create === undefined || (await makeScan(world, schedule, plan.create));
  const status = isMade ? plan.status : (plan.statusIfTaken ?? plan.status);
  // The status is written last: a crash before it only repeats a creation that finds its Scan there.
  const written = await writeStatus(world, RESOURCES.schedules, schedule, { status, manager: FIELD_MANAGERS.schedules });
  for (const event of plan.events) world.events.record(RESOURCES.schedules, schedule, event);
  return written;
}

/** Returns whether the Scan is there now, and the schedule's. */
async function makeScan(world: World, schedule: ScanSchedule, scan: Scan): Promise<boolean> {
  try {
    await world.client.create(RESOURCES.scans, scan);
    world.events.record(RESOURCES.schedules, schedule, {
      type: 'Normal',
      reason: 'ScanCreated',
      message: `created Scan ${scan.metadata.name}`,
    });
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    const known = await world.client.get<Scan>(RESOURCES.scans, { name: scan.metadata.name });
    if (known.metadata.labels?.[LABELS.schedule] === schedule.metadata.name) return true;
    world.events.record(RESOURCES.schedules, schedule, {
      type: 'Warning',
      reason: 'NameTaken',
      message: `the scan due now cannot be made: Scan ${scan.metadata.name} exists and is not this schedule's; delete it`,
    });
    return false;
  }
}
