import { type KubernetesObject, groupKindOf } from '../objects/kubernetes-object.ts';
import type { Fault } from '../outcomes/outcome.ts';
import { type Shape, pathFaults } from '../controls/shape.ts';
import type { MissingTemplate, SyntheticPod } from '../pods/synthetic-pod.ts';

/**
 * A fault in a field that cross-object checks read. `fieldPath` names the field. An empty `fieldPath` means that the object has no pod to
 * evaluate.
 */
export interface ProjectionFault extends Fault {
  readonly fieldPath: string;
}

type FieldShapes = Readonly<Record<string, Shape>>;

const rbac = 'rbac.authorization.k8s.io';
const names: Shape = ['string'];
const selector: Shape = { matchLabels: 'labels', matchExpressions: [{ key: 'string', operator: 'string', values: ['string'] }] };
const roleShapes: FieldShapes = {
  rules: [{ apiGroups: names, resources: names, verbs: names, resourceNames: names, nonResourceURLs: names }],
  'aggregationRule.clusterRoleSelectors': [selector],
};
const bindingShapes: FieldShapes = {
  roleRef: { kind: 'string', name: 'string' },
  subjects: [{ kind: 'string', name: 'string', namespace: 'string' }],
};

const shapesOfKind: ReadonlyMap<string, FieldShapes> = new Map<string, FieldShapes>([
  ['ServiceAccount', { automountServiceAccountToken: 'boolean' }],
  [`Role.${rbac}`, roleShapes],
  [`ClusterRole.${rbac}`, roleShapes],
  [`RoleBinding.${rbac}`, bindingShapes],
  [`ClusterRoleBinding.${rbac}`, bindingShapes],
  ['Service', { 'spec.selector': 'labels' }],
  ['NetworkPolicy.networking.k8s.io', { 'spec.podSelector': selector }],
]);

const containerLists = ['spec.initContainers', 'spec.containers', 'spec.ephemeralContainers'];

const podShapes: FieldShapes = {
  'metadata.labels': 'labels',
  'spec.serviceAccountName': 'string',
  'spec.serviceAccount': 'string',
  'spec.automountServiceAccountToken': 'boolean',
  ...Object.fromEntries(containerLists.map((list) => [list, [{ name: 'string', image: 'string' }]] as const)),
  'spec.volumes': [{ secret: { secretName: 'string' }, projected: { sources: [{ serviceAccountToken: { audience: 'string' } }] } }],
};

const accountFields = ['spec.serviceAccountName', 'spec.serviceAccount'];
const automountFields = [...accountFields, 'spec.automountServiceAccountToken'];

/** The fields that each check reads of its target. Keyed by control if the controls of a check differ. */
const fieldsRead: Readonly<Record<string, readonly string[]>> = {
  roleGrants: ['rules', 'aggregationRule.clusterRoleSelectors'],
  bindingGrants: ['subjects'],
  'rbac-cluster-admin-binding': ['roleRef'],
  defaultRoleBinding: ['roleRef', 'subjects'],
  danglingBinding: ['roleRef', 'subjects'],
  adminServiceAccount: [...automountFields, 'spec.volumes'],
  takeoverPermissions: [...automountFields, 'spec.volumes'],
  missingServiceAccount: accountFields,
  tokenAutomount: ['automountServiceAccountToken', ...automountFields],
  defaultServiceAccount: automountFields,
  imageApproved: containerLists,
  policyCoverage: ['metadata.labels'],
  metadataEgress: ['metadata.labels'],
  internetExposed: ['metadata.labels'],
  sensitiveExposed: ['metadata.labels'],
  disruptionBudget: ['metadata.labels'],
  danglingPolicy: ['spec.podSelector'],
  danglingService: ['spec.selector'],
};

/** A field of {@link FieldShapes}, prepared for use. */
interface ShapedField {
  readonly fieldPath: string;
  readonly steps: readonly string[];
  readonly shape: Shape;
}

const fieldsIn = (shapes: FieldShapes): readonly ShapedField[] =>
  Object.entries(shapes).map(([fieldPath, shape]) => ({ fieldPath, steps: fieldPath.split('.'), shape }));

const podFields = fieldsIn(podShapes);
const fieldsOfKind: ReadonlyMap<string, readonly ShapedField[]> = new Map(
  [...shapesOfKind].map(([kind, shapes]) => [kind, fieldsIn(shapes)]),
);

function faultsOn(object: unknown, fields: readonly ShapedField[]): readonly ProjectionFault[] {
  return fields.flatMap(({ fieldPath, steps, shape }) => pathFaults(object, steps, shape).map((fault) => ({ ...fault, fieldPath })));
}

/** Returns the faults in the fields that cross-object checks read: values of the wrong type. Of a workload, the fields of its pod. */
export function projectionFaults(
  object: KubernetesObject,
  synthetic: SyntheticPod | MissingTemplate | undefined,
): readonly ProjectionFault[] {
  if (synthetic === undefined) return faultsOn(object, fieldsOfKind.get(groupKindOf(object)) ?? []);
  if (synthetic.pod === undefined) return [{ path: synthetic.path, problem: synthetic.problem, fieldPath: '' }];
  const { pod, prefix } = synthetic;
  return faultsOn(pod, podFields).map((fault) => ({ ...fault, path: prefix + fault.path }));
}

/** Returns the faults in the fields that a check reads for a control. */
export function faultsFor(faults: readonly ProjectionFault[], check: string, control: string): readonly Fault[] {
  const read = fieldsRead[control] ?? fieldsRead[check] ?? [];
  return faults
    .filter(({ fieldPath: fieldPath }) => fieldPath === '' || read.includes(fieldPath))
    .map(({ path, problem }) => ({ path, problem }));
}
