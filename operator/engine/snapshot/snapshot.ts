import {
  type Fields,
  fieldsOf,
  groupKindOf,
  type KubernetesObject,
  nameOf,
  namespaceOf,
  textMapOf,
  textOf,
} from '../objects/kubernetes-object.ts';
import type { Labels } from '../../api/label-match.ts';
import { clusterNetworkKinds, networkProjections } from './network-projections.ts';
import { type ProjectionFault, projectionFaults } from './projection-faults.ts';
import { type MissingTemplate, type SyntheticPod, syntheticPods } from '../pods/synthetic-pod.ts';
import type { ResourceReference } from '../../findings/finding.ts';
import { isWorkloadKind } from '../objects/workload-kind.ts';
import { isFragment } from '../pods/incomplete-pod.ts';
import { OperatorObjects } from './operator-objects.ts';
import { workloadBody, type WorkloadBody } from './workload-body.ts';

/** An object reduced to the fields that cross-object checks read. */
export interface Projection {
  readonly reference: ResourceReference;
  readonly groupKind: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Whether a workload controls the object. It is then not a target. */
  readonly owned: boolean;
  readonly body: Fields;
  /** Faults in the fields that checks read. Omitted if there are none. */
  readonly faults?: readonly ProjectionFault[];
  /** Why checks of a workload cannot pass: not all of its pod is known. */
  readonly incomplete?: string;
}

/** What a snapshot holds. */
export interface SnapshotContent {
  /** The references of workloads to other objects. Only checks of references need them. */
  readonly references?: boolean;
  /** The objects are a set of files, and not all of a cluster. */
  readonly isPartial?: boolean;
}

const pick =
  (...names: readonly string[]) =>
  (object: KubernetesObject): Fields =>
    Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));
const pickSpec =
  (...names: readonly string[]) =>
  (object: KubernetesObject): Fields =>
    pick(...names)(fieldsOf(object['spec']));

const nothing = (): Fields => ({});

const configMapKeys = ({ data, binaryData }: KubernetesObject): Fields => ({
  keys: [...Object.keys(fieldsOf(data)), ...Object.keys(fieldsOf(binaryData))],
});

/** The fields of a ClusterRole. `live`: the role came from a cluster, where the rules of an aggregated role are in force as they are. */
function clusterRole(object: KubernetesObject): Fields {
  const { uid, resourceVersion } = fieldsOf(object.metadata);
  const live = (textOf(uid) ?? '') !== '' || (textOf(resourceVersion) ?? '') !== '';
  return { ...pick('rules', 'aggregationRule')(object), ...(live ? { live } : {}) };
}

const rbac = 'rbac.authorization.k8s.io';
const admission = 'admissionregistration.k8s.io';
const kubeadmKind = 'ClusterConfiguration.kubeadm.k8s.io';
const nodeVersion = (object: KubernetesObject): Fields => ({
  version: fieldsOf(fieldsOf(object['status'])['nodeInfo'])['kubeletVersion'],
});
/** The kind of ImageApprovals in a snapshot. */
export const approvalKind = 'ImageApproval.vigil.dev';
const projections: ReadonlyMap<string, (object: KubernetesObject) => Fields> = new Map(
  Object.entries({
    Namespace: nothing,
    ServiceAccount: pick('automountServiceAccountToken'),
    [`Role.${rbac}`]: pick('rules'),
    [`ClusterRole.${rbac}`]: clusterRole,
    [`RoleBinding.${rbac}`]: pick('roleRef', 'subjects'),
    [`ClusterRoleBinding.${rbac}`]: pick('roleRef', 'subjects'),
    'PodDisruptionBudget.policy': pickSpec('selector', 'minAvailable', 'maxUnavailable'),
    'HorizontalPodAutoscaler.autoscaling': pickSpec('scaleTargetRef', 'minReplicas'),
    'ScaledObject.keda.sh': pickSpec('scaleTargetRef', 'minReplicaCount'),
    ConfigMap: configMapKeys,
    PersistentVolumeClaim: pickSpec('storageClassName', 'volumeName'),
    PersistentVolume: pickSpec('storageClassName'),
    'StorageClass.storage.k8s.io': nothing,
    'PriorityClass.scheduling.k8s.io': nothing,
    'RuntimeClass.node.k8s.io': nothing,
    ResourceQuota: nothing,
    LimitRange: nothing,
    [`ValidatingWebhookConfiguration.${admission}`]: pick('webhooks'),
    [`MutatingWebhookConfiguration.${admission}`]: pick('webhooks'),
    [`ValidatingAdmissionPolicy.${admission}`]: pickSpec('matchConstraints', 'paramKind', 'validations', 'auditAnnotations'),
    [`ValidatingAdmissionPolicyBinding.${admission}`]: pickSpec('policyName', 'validationActions', 'matchResources'),
    Node: nodeVersion,
    [kubeadmKind]: (object) => ({ version: object['kubernetesVersion'] }),
    [approvalKind]: pickSpec('images', 'expiresAt'),
    ...networkProjections,
  }),
);

/** Returns the reference that identifies an object in results. `namespaced`: whether the kind is namespaced. */
export function referenceOf(object: KubernetesObject, namespaced: boolean): ResourceReference {
  const uid = textOf(fieldsOf(object.metadata)['uid']);
  return {
    apiVersion: textOf(object.apiVersion) ?? '',
    kind: textOf(object.kind) ?? '',
    ...(namespaced ? { namespace: namespaceOf(object) } : {}),
    name: nameOf(object) ?? '',
    ...(uid === undefined ? {} : { uid }),
  };
}

const clusterKinds: ReadonlySet<string> = new Set([
  'Node',
  kubeadmKind,
  'Namespace',
  `ClusterRole.${rbac}`,
  `ClusterRoleBinding.${rbac}`,
  `ValidatingWebhookConfiguration.${admission}`,
  `MutatingWebhookConfiguration.${admission}`,
  `ValidatingAdmissionPolicy.${admission}`,
  `ValidatingAdmissionPolicyBinding.${admission}`,
  approvalKind,
  'PersistentVolume',
  'StorageClass.storage.k8s.io',
  'PriorityClass.scheduling.k8s.io',
  'RuntimeClass.node.k8s.io',
  ...clusterNetworkKinds,
]);

/**
 * Reduces an object to the fields that cross-object checks read: one projection for each pod template of a workload, else one. All have the
 * same reference. Returns none if no check reads its kind.
 */
export function projectionsOf(object: KubernetesObject, owned = false, content: SnapshotContent = {}): readonly Projection[] {
  const pods = syntheticPods(object);
  // The pods of another workload are projected with that. Of fragments of pods, too little is known.
  const own = pods.filter(
    (pod): pod is MissingTemplate | SyntheticPod => !('referred' in pod) && !('incomplete' in pod && isFragment(pod.incomplete)),
  );
  const kind = groupKindOf(object);
  const identity = { kind, owned, content, reference: referenceOf(object, !clusterKinds.has(kind)) };
  const made = pods.length === 0 ? [projectionOf(object, identity, undefined)] : own.map((pod) => projectionOf(object, identity, pod));
  return made.filter((projection) => projection !== undefined);
}

function projectionOf(
  object: KubernetesObject,
  {
    kind,
    owned,
    content,
    reference,
  }: { readonly kind: string; readonly owned: boolean; readonly content: SnapshotContent; readonly reference: ResourceReference },
  synthetic: SyntheticPod | MissingTemplate | undefined,
): Projection | undefined {
  // The checks look for workloads by their kinds. A custom kind that is not known is to them a pod template.
  const groupKind = synthetic === undefined || isWorkloadKind(kind) ? kind : 'PodTemplate';
  const body =
    synthetic === undefined ? projections.get(groupKind)?.(object) : workloadBody(object, synthetic, content.references === true);
  if (body === undefined) return undefined;
  const faults = projectionFaults(object, synthetic);
  const metadata = fieldsOf(object.metadata);
  const reason = synthetic !== undefined && 'incomplete' in synthetic ? synthetic.incomplete.reason : undefined;
  return {
    reference,
    groupKind,
    labels: textMapOf(metadata['labels']),
    annotations: textMapOf(metadata['annotations']),
    owned,
    body,
    ...(faults.length === 0 ? {} : { faults }),
    ...(reason === undefined ? {} : { incomplete: reason }),
  };
}

const noProjections: readonly Projection[] = [];

/**
 * The objects that cross-object checks read, reduced to the fields they need and indexed by kind and namespace. The order of objects does
 * not matter.
 */
export class Snapshot {
  readonly #byKind = new Map<string, Map<string, Projection[]>>();
  /** By kind, namespace and name. Filled at the first lookup. */
  readonly #byName = new Map<string, Projection>();
  #indexed = 0;
  #count = 0;
  readonly content: SnapshotContent;
  /** The custom resources of a set of files whose controllers create other objects. */
  readonly operators = new OperatorObjects();

  constructor(content: SnapshotContent = {}) {
    this.content = content;
  }

  /** Whether other objects of the cluster may exist that the snapshot does not have. */
  get isPartial(): boolean {
    return this.content.isPartial === true;
  }

  /**
   * Adds an object and returns the reference that identifies it in results. Ignores kinds that no check reads. `owned`: whether a workload
   * controls the object.
   */
  add(object: KubernetesObject, owned = false): ResourceReference | undefined {
    if (this.isPartial) this.operators.add(object);
    const made = projectionsOf(object, owned, this.content);
    for (const projection of made) this.#listFor(projection.groupKind, projection.reference.namespace ?? '').push(projection);
    this.#count += made.length;
    return made[0]?.reference;
  }

  /** Returns all objects of a kind. */
  all(groupKind: string): readonly Projection[] {
    const namespaces = this.#byKind.get(groupKind);
    return namespaces === undefined ? noProjections : [...namespaces.values()].flat();
  }

  /** Returns the objects of a kind in a namespace. */
  in(namespace: string, groupKind: string): readonly Projection[] {
    return this.#byKind.get(groupKind)?.get(namespace) ?? noProjections;
  }

  /** Returns the object of a kind with a name. The namespace is empty for cluster-scoped kinds. */
  find(groupKind: string, namespace: string, name: string): Projection | undefined {
    if (this.#indexed !== this.#count) this.#indexNames();
    return this.#byName.get(`${groupKind}/${namespace}/${name}`);
  }

  /** Whether the snapshot has objects of a kind. */
  has(groupKind: string): boolean {
    return this.#byKind.has(groupKind);
  }

  /** The number of objects in the snapshot. */
  get size(): number {
    return this.#count;
  }

  /** The kinds in the snapshot. */
  get kinds(): readonly string[] {
    return [...this.#byKind.keys()];
  }

  #indexNames(): void {
    for (const [kind, namespaces] of this.#byKind) {
      for (const [namespace, list] of namespaces)
        for (const projection of list) this.#indexName(`${kind}/${namespace}/${projection.reference.name}`, projection);
    }
    this.#indexed = this.#count;
  }

  /** Of two objects with one name, as in files, the same one is kept in whatever order they come. */
  #indexName(key: string, projection: Projection): void {
    const known = this.#byName.get(key);
    if (known === undefined || JSON.stringify(projection) < JSON.stringify(known)) this.#byName.set(key, projection);
  }

  #listFor(groupKind: string, namespace: string): Projection[] {
    const namespaces = this.#byKind.get(groupKind) ?? new Map<string, Projection[]>();
    this.#byKind.set(groupKind, namespaces);
    const list = namespaces.get(namespace) ?? [];
    namespaces.set(namespace, list);
    return list;
  }
}

/** The body of a workload's projection. */
export function workloadOf(projection: Projection): WorkloadBody {
  return projection.body as WorkloadBody;
}
