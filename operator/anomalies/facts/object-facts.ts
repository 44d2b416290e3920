import { ownEntry } from '../../api/own-entry.ts';
import { definedEntries } from '../../api/defined-entries.ts';
import { shortHash } from '../../api/short-hash.ts';
import { bindingFacts, roleFacts, type BindingFacts, type RoleFacts } from './rbac-facts.ts';
import { certificateFacts, nodeFacts, serviceFacts } from './cluster-facts.ts';
import type { CertificateFacts, NodeFacts, ServiceFacts } from './cluster-facts.ts';
import { guardrailOf, type Guardrail } from './guardrail.ts';
import { apiServiceFacts, mutationBindingFacts, mutationFacts, webhookFacts, type InterceptionFacts } from './interception-facts.ts';
import { listAt, numberAt, recordAt, textAt, type Json } from './json.ts';
import { podFacts, type PodFacts } from './pod-facts.ts';

/** What detections read of an object: a bounded projection without contents of ConfigMaps and without values of environment variables. */
export interface ObjectFacts {
  /** Milliseconds since 1970. 0 if it is not known. */
  readonly created: number;
  /** The controller that owns the object. */
  readonly owner?: { readonly kind: string; readonly name: string };
  /** What installed the object: the release of Helm, the application of a GitOps controller, or the instance label. */
  readonly release?: string;
  /** The managers of fields outside of the status, the one that wrote last at the end. */
  readonly managers: readonly string[];
  /** The API server made the name. */
  readonly generated: boolean;
  readonly pod?: PodFacts;
  readonly replicas?: number;
  readonly role?: RoleFacts;
  readonly binding?: BindingFacts;
  readonly service?: ServiceFacts;
  readonly interception?: InterceptionFacts;
  readonly certificate?: CertificateFacts;
  readonly node?: NodeFacts;
  readonly guardrail?: Guardrail;
  /** A mirror pod: what a kubelet shows of a static pod. */
  readonly mirror?: boolean;
  /** A digest of the content of a ConfigMap. */
  readonly content?: string;
  /** A quota refused pods of the workload. */
  readonly refusedByQuota?: boolean;
}

/** The path of the pod spec in each kind with one. */
const podSpecs: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};
const templated: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job']);

const byKind: Readonly<Record<string, (object: Json, namespace: string) => Partial<ObjectFacts>>> = {
  Role: (object) => ({ role: roleFacts(object) }),
  ClusterRole: (object) => ({ role: roleFacts(object) }),
  RoleBinding: (object, namespace) => ({ binding: bindingFacts(object, namespace) }),
  ClusterRoleBinding: (object, namespace) => ({ binding: bindingFacts(object, namespace) }),
  Service: (object) => ({ service: serviceFacts(object) }),
  MutatingWebhookConfiguration: (object) => ({ interception: webhookFacts(object) }),
  ValidatingWebhookConfiguration: (object) => ({ interception: webhookFacts(object) }),
  MutatingAdmissionPolicy: (object) => ({ interception: mutationFacts(object) }),
  MutatingAdmissionPolicyBinding: (object) => ({ interception: mutationBindingFacts(object) }),
  APIService: (object) => definedEntries({ interception: apiServiceFacts(object) }),
  CertificateSigningRequest: (object) => ({ certificate: certificateFacts(object) }),
  Node: (object) => ({ node: nodeFacts(object) }),
  ConfigMap: (object) => ({ content: shortHash(JSON.stringify([object['data'] ?? {}, object['binaryData'] ?? {}]), 16) }),
};

/** Returns the facts of an object of a watched kind. */
export function objectFacts(object: Json): ObjectFacts {
  const kind = textAt(object, 'kind');
  const metadata = recordAt(object, 'metadata');
  const created = Date.parse(textAt(metadata, 'creationTimestamp'));
  const isMirror = textAt(metadata, 'annotations', 'kubernetes.io/config.mirror') !== '';
  return {
    created: Number.isNaN(created) ? 0 : created,
    managers: managersOf(metadata),
    generated: textAt(metadata, 'generateName') !== '',
    ...workloadFacts(kind, object),
    ...definedEntries({ owner: ownerOf(metadata), release: releaseOf(metadata), guardrail: guardrailOf(kind, object) }),
    ...definedEntries({ mirror: isMirror || undefined, refusedByQuota: isRefusedByQuota(object) || undefined }),
    ...ownEntry(byKind, kind)?.(object, textAt(metadata, 'namespace')),
  };
}

function ownerOf(metadata: Json): ObjectFacts['owner'] {
  const owner = listAt(metadata, 'ownerReferences').find((reference) => recordAt(reference)['controller'] === true);
  return owner === undefined ? undefined : { kind: textAt(owner, 'kind'), name: textAt(owner, 'name') };
}

/** The facts of a pod template and the number of its pods. */
function workloadFacts(kind: string, object: Json): Pick<ObjectFacts, 'pod' | 'replicas'> {
  const path = ownEntry(podSpecs, kind) ?? (templated.has(kind) ? ['spec', 'template', 'spec'] : undefined);
  if (path === undefined) return {};
  const pod = podFacts(recordAt(object, ...path), kind === 'Pod' ? recordAt(object, 'status') : {});
  const hasReplicas = templated.has(kind) && kind !== 'DaemonSet';
  const spec = recordAt(object, 'spec');
  return { pod, ...(hasReplicas ? { replicas: numberAt(spec, 'replicas') ?? numberAt(spec, 'parallelism') ?? 1 } : {}) };
}

function releaseOf(metadata: Json): string | undefined {
  const helm = textAt(metadata, 'annotations', 'meta.helm.sh/release-name');
  if (helm !== '') return `helm ${textAt(metadata, 'annotations', 'meta.helm.sh/release-namespace')}/${helm}`;
  const instance = textAt(metadata, 'labels', 'app.kubernetes.io/instance') || textAt(metadata, 'labels', 'argocd.argoproj.io/instance');
  return instance === '' ? undefined : `instance ${instance}`;
}

/** The managers of fields, in the order of their last writes. Managers of the status alone are left out. */
function managersOf(metadata: Json): readonly string[] {
  const entries = listAt(metadata, 'managedFields')
    .filter((entry) => textAt(entry, 'subresource') === '')
    .toSorted((left, right) => (Date.parse(textAt(left, 'time')) || 0) - (Date.parse(textAt(right, 'time')) || 0));
  return [...new Set(entries.map((entry) => textAt(entry, 'manager')).toReversed())].toReversed().slice(-8);
}

function isRefusedByQuota(object: Json): boolean {
  return listAt(object, 'status', 'conditions').some(
    (condition) =>
      textAt(condition, 'type') === 'ReplicaFailure' &&
      textAt(condition, 'status') === 'True' &&
      textAt(condition, 'message').includes('exceeded quota'),
  );
}
