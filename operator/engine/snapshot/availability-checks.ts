import { type Fields, fieldsOf, groupOf, textOf } from '../objects/kubernetes-object.ts';
import { isEmptySelector, requiredLabels, selectorMatch } from '../objects/label-selector.ts';
import { clean, type Outcome } from '../outcomes/outcome.ts';
import { podLabelsWith } from '../pods/controller-labels.ts';
import { type Projection, type Snapshot, workloadOf } from './snapshot.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';
import { labelled, workloadsIn } from './selectable-pods.ts';

const failure = (path: string): Outcome => ({ violations: [{ path }], faults: [] });
const requiredKinds: Readonly<Record<string, string>> = {
  'namespace-resource-quota': 'ResourceQuota',
  'namespace-limit-range': 'LimitRange',
};
const systemNamespaces: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

const namespaceHolds: CrossObjectCheck = ({ reference: { name } }, { control, snapshot }) => {
  const exempt = control === 'namespace-resource-quota' && systemNamespaces.has(name);
  return exempt || snapshot.in(name, requiredKinds[control] ?? '').length > 0 ? clean : failure('metadata.name');
};

/** A kind that sets the number of pods of workloads. */
interface AutoscalerKind {
  readonly groupKind: string;
  /** The fewest pods, from the fields of an autoscaler. */
  readonly fewest: (body: Fields) => number;
  /** The kind of a target that names none. Default: none. */
  readonly kind?: string;
  /** The apiVersion of a target that names none. Default: that of the workload. */
  readonly apiVersion?: string;
  /** Whether it also scales a workload up that is scaled to zero. */
  readonly fromZero?: boolean;
}

const numberOr = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback);

/** A ScaledObject of KEDA can scale to zero while nothing happens. It has at least one pod otherwise. */
const autoscalerKinds: readonly AutoscalerKind[] = [
  { groupKind: 'HorizontalPodAutoscaler.autoscaling', fewest: ({ minReplicas }) => numberOr(minReplicas, 1) },
  {
    groupKind: 'ScaledObject.keda.sh',
    fewest: ({ minReplicaCount }) => Math.max(numberOr(minReplicaCount, 0), 1),
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    fromZero: true,
  },
];

/** Whether an autoscaler names a workload as its target. */
function scales({ scaleTargetRef }: Fields, { reference }: Projection, { kind, apiVersion }: AutoscalerKind): boolean {
  const target = fieldsOf(scaleTargetRef);
  const group = groupOf(textOf(target['apiVersion']) ?? apiVersion ?? reference.apiVersion);
  return (
    (textOf(target['kind']) ?? kind) === reference.kind && target['name'] === reference.name && group === groupOf(reference.apiVersion)
  );
}

/** The fewest pods that a workload is meant to have. An autoscaler overwrites spec.replicas, but not each one that of a workload scaled to zero. */
function fewestPods(workload: Projection, snapshot: Snapshot): number {
  const { replicas = 1 } = workloadOf(workload);
  const fewest = autoscalerKinds
    .filter(({ fromZero }) => replicas > 0 || fromZero === true)
    .flatMap((kind) =>
      snapshot
        .in(workload.reference.namespace ?? '', kind.groupKind)
        .filter(({ body }) => scales(body, workload, kind))
        .map(({ body }) => kind.fewest(body)),
    );
  return fewest.length === 0 ? replicas : Math.min(...fewest);
}

const replicas: CrossObjectCheck = (workload, { snapshot }) => (fewestPods(workload, snapshot) >= 2 ? clean : failure('spec.replicas'));

const replicasSpread: CrossObjectCheck = (workload, { snapshot }) => {
  const { spread, prefix } = workloadOf(workload);
  if (spread === undefined) return { violations: [], faults: [{ path: '', problem: 'the fields of its pods were not read' }] };
  return spread || fewestPods(workload, snapshot) < 2 ? clean : failure(`${prefix}spec`);
};

/** Whether a budget selects pods of a workload, also by labels that its controller adds. An empty selector selects all of the namespace, but none in policy/v1beta1. */
function budgetSelects({ body: { selector }, reference: { apiVersion } }: Projection, workload: Projection): boolean {
  if (selector === undefined || selector === null) return false;
  if (isEmptySelector(selector)) return apiVersion !== 'policy/v1beta1';
  return selectorMatch(selector)(podLabelsWith(requiredLabels(selector), labelled(workload)));
}

const disruptionBudget: CrossObjectCheck = (workload, { snapshot }) => {
  const budgets = snapshot.in(workload.reference.namespace ?? '', 'PodDisruptionBudget.policy');
  const { prefix } = workloadOf(workload);
  return budgets.some((budget) => budgetSelects(budget, workload)) ? clean : failure(`${prefix}metadata.labels`);
};

/** The kinds whose number of pods is known from their fields. */
const countedKinds: ReadonlySet<string> = new Set([
  'Deployment.apps',
  'Deployment.extensions',
  'StatefulSet.apps',
  'ReplicaSet.apps',
  'ReplicaSet.extensions',
  'ReplicationController',
  'Pod',
]);

/** The number of pods that a budget selects. Undefined if it is not known, as for DaemonSets. */
function selectedPods(budget: Projection, snapshot: Snapshot): number | undefined {
  const selected = workloadsIn(snapshot, budget.reference.namespace ?? '').filter(
    (workload) => !workload.owned && budgetSelects(budget, workload),
  );
  if (selected.some(({ groupKind }) => !countedKinds.has(groupKind))) return undefined;
  return selected.reduce((sum, workload) => sum + (workload.groupKind === 'Pod' ? 1 : fewestPods(workload, snapshot)), 0);
}

/** The number of pods that an int-or-percent means. A percentage is rounded up, as the disruption controller does. */
function podsOf(value: unknown, all: number): number | undefined {
  if (typeof value === 'number') return value;
  const [, percent] = /^(\d+)%$/.exec(textOf(value) ?? '') ?? [];
  return percent === undefined ? undefined : Math.ceil((Number(percent) * all) / 100);
}

/** Whether minAvailable is all of the selected pods. */
function needsAll(minAvailable: unknown, selected: () => number | undefined): boolean {
  if (minAvailable === undefined || minAvailable === null) return false;
  if (typeof minAvailable === 'string' && podsOf(minAvailable, 100) === 100) return true;
  const all = selected() ?? 0;
  const needed = podsOf(minAvailable, all);
  return all > 0 && needed !== undefined && needed >= all;
}

const zeroDisruption: CrossObjectCheck = (budget, { snapshot }) => {
  const { maxUnavailable, minAvailable } = budget.body;
  if (maxUnavailable === 0 || /^0+%?$/.test(textOf(maxUnavailable) ?? '')) return failure('spec.maxUnavailable');
  return needsAll(minAvailable, () => selectedPods(budget, snapshot)) ? failure('spec.minAvailable') : clean;
};

/** The checks of resources and availability, by the names that controls use. */
export const availabilityChecks: Readonly<Record<string, CrossObjectCheck>> = {
  namespaceHolds,
  replicas,
  replicasSpread,
  disruptionBudget,
  zeroDisruption,
};
