import { fieldsOf } from '../objects/kubernetes-object.ts';
import { type Labels } from '../../api/label-match.ts';
import { isEmptySelector, selectorMatch } from '../objects/label-selector.ts';
import { clean, type Outcome } from '../outcomes/outcome.ts';
import { type Projection, workloadOf } from './snapshot.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';
import { workloadsIn } from './selectable-pods.ts';

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

const replicas: CrossObjectCheck = (workload, { snapshot }) => {
  const { kind, name, namespace = '' } = workload.reference;
  if ((workloadOf(workload).replicas ?? 1) >= 2) return clean;
  const scaled = snapshot
    .in(namespace, 'HorizontalPodAutoscaler.autoscaling')
    .map(({ body }) => fieldsOf(body['scaleTargetRef']))
    .some((target) => target['kind'] === kind && target['name'] === name);
  return scaled ? clean : failure('spec.replicas');
};

function budgetSelects(budget: Projection, labels: Labels): boolean {
  const { selector } = budget.body;
  return !isEmptySelector(selector) && selectorMatch(selector)(labels);
}

const disruptionBudget: CrossObjectCheck = (workload, { snapshot }) => {
  const budgets = snapshot.in(workload.reference.namespace ?? '', 'PodDisruptionBudget.policy');
  const { podLabels, prefix } = workloadOf(workload);
  return budgets.some((budget) => budgetSelects(budget, podLabels)) ? clean : failure(`${prefix}metadata.labels`);
};

const zeroDisruption: CrossObjectCheck = (budget, { snapshot }) => {
  const { maxUnavailable, minAvailable } = budget.body;
  if (maxUnavailable === 0 || maxUnavailable === '0' || maxUnavailable === '0%') return failure('spec.maxUnavailable');
  if (minAvailable === '100%') return failure('spec.minAvailable');
  if (typeof minAvailable !== 'number') return clean;
  const reached = workloadsIn(snapshot, budget.reference.namespace ?? '')
    .filter((workload) => !workload.owned && workload.groupKind !== 'Pod' && budgetSelects(budget, workloadOf(workload).podLabels))
    .some((workload) => minAvailable >= (workloadOf(workload).replicas ?? 1));
  return reached ? failure('spec.minAvailable') : clean;
};

/** The checks of resources and availability, by the names that controls use. */
export const availabilityChecks: Readonly<Record<string, CrossObjectCheck>> = {
  namespaceHolds,
  replicas,
  disruptionBudget,
  zeroDisruption,
};
