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

/** The autoscalers of a workload. */
function autoscalersOf(workload: Projection, snapshot: Snapshot): readonly Fields[] {
  const { kind, name, namespace = '', apiVersion } = workload.reference;
  return snapshot
    .in(namespace, 'HorizontalPodAutoscaler.autoscaling')
    .map(({ body }) => body)
    .filter(({ scaleTargetRef }) => {
      const target = fieldsOf(scaleTargetRef);
      const group = textOf(target['apiVersion']) ?? apiVersion;
      return target['kind'] === kind && target['name'] === name && groupOf(group) === groupOf(apiVersion);
    });
}

/** The fewest pods that a workload is meant to have. An autoscaler overwrites spec.replicas, but leaves a workload alone that is scaled to zero. */
function fewestPods(workload: Projection, snapshot: Snapshot): number {
  const { replicas = 1 } = workloadOf(workload);
  const autoscalers = replicas === 0 ? [] : autoscalersOf(workload, snapshot);
  const fewest = autoscalers.map(({ minReplicas }) => (typeof minReplicas === 'number' ? minReplicas : 1));
  return fewest.length === 0 ? replicas : Math.min(...fewest);
}

const replicas: CrossObjectCheck = (workload, { snapshot }) => (fewestPods(workload, snapshot) >= 2 ? clean : failure('spec.replicas'));

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
  disruptionBudget,
  zeroDisruption,
};
