import { type KubernetesObject, groupKindOf } from '../objects/kubernetes-object.ts';
import type { Fault } from '../outcomes/outcome.ts';
import { type Shape, pathFaults } from '../controls/shape.ts';
import type { MissingTemplate, SyntheticPod } from '../pods/synthetic-pod.ts';

/** A fault in an object that cross-object checks read, with the way that it was found on; empty: no pod can be judged at all. */
export interface ProjectionFault extends Fault {
  readonly way: string;
}

type Ways = Readonly<Record<string, Shape>>;

const rbac = 'rbac.authorization.k8s.io';
const names: Shape = ['string'];
const selector: Shape = { matchLabels: 'labels', matchExpressions: [{ key: 'string', operator: 'string', values: ['string'] }] };
const roleWays: Ways = { rules: [{ apiGroups: names, resources: names, verbs: names, resourceNames: names }] };
const bindingWays: Ways = {
  roleRef: { kind: 'string', name: 'string' },
  subjects: [{ kind: 'string', name: 'string', namespace: 'string' }],
};

const waysOfKind: ReadonlyMap<string, Ways> = new Map<string, Ways>([
  ['ServiceAccount', { automountServiceAccountToken: 'boolean' }],
  [`Role.${rbac}`, roleWays],
  [`ClusterRole.${rbac}`, roleWays],
  [`RoleBinding.${rbac}`, bindingWays],
  [`ClusterRoleBinding.${rbac}`, bindingWays],
  ['Service', { 'spec.selector': 'labels' }],
  ['NetworkPolicy.networking.k8s.io', { 'spec.podSelector': selector }],
]);

const podWays: Ways = {
  'metadata.labels': 'labels',
  'spec.serviceAccountName': 'string',
  'spec.serviceAccount': 'string',
  'spec.automountServiceAccountToken': 'boolean',
};

/** The ways of an object's shape that each judge reads, of the object that it judges; by control where its controls differ. */
const waysRead: Readonly<Record<string, readonly string[]>> = {
  roleGrants: ['rules'],
  bindingGrants: ['subjects'],
  'rbac-cluster-admin-binding': ['roleRef'],
  danglingBinding: ['roleRef', 'subjects'],
  adminServiceAccount: ['spec.serviceAccountName', 'spec.serviceAccount'],
  takeoverPermissions: ['spec.serviceAccountName', 'spec.serviceAccount'],
  missingServiceAccount: ['spec.serviceAccountName', 'spec.serviceAccount'],
  tokenAutomount: ['automountServiceAccountToken', ...Object.keys(podWays).filter((way) => way !== 'metadata.labels')],
  defaultServiceAccount: Object.keys(podWays).filter((way) => way !== 'metadata.labels'),
  policyCoverage: ['metadata.labels'],
  metadataEgress: ['metadata.labels'],
  internetExposed: ['metadata.labels'],
  sensitiveExposed: ['metadata.labels'],
  disruptionBudget: ['metadata.labels'],
  danglingPolicy: ['spec.podSelector'],
  danglingService: ['spec.selector'],
};

function faultsOn(object: unknown, ways: Ways): readonly ProjectionFault[] {
  return Object.keys(ways).flatMap((way) => pathFaults(object, way, ways[way] as Shape).map((fault) => ({ ...fault, way })));
}

/** What in an object has the wrong type for the cross-object checks that read it; of a workload, in its pod. */
export function projectionFaults(
  object: KubernetesObject,
  synthetic: SyntheticPod | MissingTemplate | undefined,
): readonly ProjectionFault[] {
  if (synthetic === undefined) return faultsOn(object, waysOfKind.get(groupKindOf(object)) ?? {});
  if (synthetic.pod === undefined) return [{ path: synthetic.path, problem: synthetic.problem, way: '' }];
  const { pod, prefix } = synthetic;
  return faultsOn(pod, podWays).map((fault) => ({ ...fault, path: prefix + fault.path }));
}

/** The faults that keep a judge from judging the object, on behalf of a control. */
export function faultsFor(faults: readonly ProjectionFault[], judge: string, control: string): readonly Fault[] {
  const read = waysRead[control] ?? waysRead[judge] ?? [];
  return faults.filter(({ way }) => way === '' || read.includes(way)).map(({ path, problem }) => ({ path, problem }));
}
