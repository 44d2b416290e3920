import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ScanSchedule } from '../api/kinds/scan-schedule.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { isConflict, isNotFound } from '../kube/client/kube-api-error.ts';
import { listPages } from '../kube/list.ts';
import { readLedger } from '../reports/identity/policy-ledger.ts';
import { DEFAULT_SCHEDULE } from '../schedules/default-schedule.ts';
import { countedIn } from '../reports/identity/report-ownership.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';

/** The ConfigMap that records that the default schedule was created. If a person deletes the schedule, it is not created again. */
const marker = 'vigil-default-schedule';
const name = DEFAULT_SCHEDULE;
/** Spreads the default schedules of many clusters over an hour. */
const jitterSeconds = 3600;

/** The dependencies of the maintenance tasks. */
export interface MaintenanceDependencies extends ControllerBasics {
  readonly client: KubeClient;
  /** The namespace of the operator. */
  readonly namespace: string;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
  /** Queues the cleanup of a policy's results. The cleanup first reads from the server that the policy does not exist. */
  readonly enqueuePolicyCleanup: (name: string) => void;
}

const tasks: Readonly<Record<string, (deps: MaintenanceDependencies) => Promise<ReconcileResult>>> = {
  'default-schedule': makeDefaultSchedule,
  'deleted-policies': findDeletedPolicies,
};

/** Runs each maintenance task once after a process becomes leader. A task that fails is retried. */
export function maintenanceController(deps: MaintenanceDependencies): Controller {
  const controller = new Controller({
    name: 'maintenance',
    log: deps.log,
    observe: deps.observe,
    reconcile: async (task) => (await tasks[task]?.(deps)) ?? {},
  });
  for (const task of Object.keys(tasks)) controller.queue.add(task);
  return controller;
}

/** Creates `ScanSchedule/default`, so that a user needs to create only a policy. */
async function makeDefaultSchedule({ client, namespace, log }: MaintenanceDependencies): Promise<ReconcileResult> {
  try {
    await client.get(RESOURCES.configMaps, { namespace, name: marker });
    return {};
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const labels = { [LABELS.managedBy]: MANAGED_BY };
  const spec = { schedule: '@daily', concurrencyPolicy: 'Forbid', jitterSeconds, onChange: {} } as const;
  const schedule: ScanSchedule = { metadata: { name, labels }, spec };
  await client.create(RESOURCES.schedules, schedule).catch((error: unknown) => {
    if (!isConflict(error)) throw error;
  });
  await client.create(RESOURCES.configMaps, { metadata: { namespace, name: marker, labels } }).catch((error: unknown) => {
    if (!isConflict(error)) throw error;
  });
  log.info({ schedule: name }, 'default schedule created');
  return {};
}

/** Queues the cleanup of policies that reports name and that do not exist: they were deleted while no operator ran. */
async function findDeletedPolicies({ client, policies, enqueuePolicyCleanup }: MaintenanceDependencies): Promise<ReconcileResult> {
  const labelSelector = `${LABELS.managedBy}=${MANAGED_BY}`;
  const named = new Set<string>();
  for (const resource of [RESOURCES.reports, RESOURCES.clusterReports])
    for await (const { items } of listPages(client, resource, { labelSelector, metadataOnly: true }))
      for (const policy of items.flatMap(policiesIn)) named.add(policy);
  for (const policy of named) if (!policies.get(policy)) enqueuePolicyCleanup(policy);
  return {};
}

const policiesIn = ({ metadata }: KubeObject): readonly string[] =>
  Object.keys(countedIn({ metadata }) ?? readLedger(metadata.annotations?.[ANNOTATIONS.policies]));
