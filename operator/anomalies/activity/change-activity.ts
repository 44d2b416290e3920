import { definedEntries } from '../../api/defined-entries.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { ChangeActivity, Operation } from './activity.ts';
import { objectFacts, type ObjectFacts } from '../facts/object-facts.ts';

/** A kind whose changes the detector reads, with its resource as paths have it. */
export interface WatchedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: string;
  /** Only objects of this namespace and with these names are read. */
  readonly only?: { readonly namespace: string; readonly names: readonly string[] };
}

/** Returns kinds of one API version, each as `Kind/resource`. */
const of = (apiVersion: string, ...kinds: readonly string[]): readonly WatchedKind[] =>
  kinds.map((each) => {
    const [kind = '', resource = ''] = each.split('/');
    return { apiVersion, kind, resource };
  });

/** The kinds whose changes the detector reads. Secrets are never among them. */
export const watchedKinds: readonly WatchedKind[] = [
  ...of('v1', 'Pod/pods', 'Node/nodes', 'Namespace/namespaces', 'ServiceAccount/serviceaccounts', 'Service/services'),
  ...of(
    'v1',
    'ResourceQuota/resourcequotas',
    'PersistentVolumeClaim/persistentvolumeclaims',
    'ReplicationController/replicationcontrollers',
  ),
  ...of('apps/v1', 'Deployment/deployments', 'StatefulSet/statefulsets', 'DaemonSet/daemonsets', 'ReplicaSet/replicasets'),
  ...of('batch/v1', 'Job/jobs', 'CronJob/cronjobs'),
  ...of(
    'rbac.authorization.k8s.io/v1',
    'Role/roles',
    'ClusterRole/clusterroles',
    'RoleBinding/rolebindings',
    'ClusterRoleBinding/clusterrolebindings',
  ),
  ...of('certificates.k8s.io/v1', 'CertificateSigningRequest/certificatesigningrequests'),
  ...of(
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration/mutatingwebhookconfigurations',
    'ValidatingWebhookConfiguration/validatingwebhookconfigurations',
    'ValidatingAdmissionPolicy/validatingadmissionpolicies',
    'ValidatingAdmissionPolicyBinding/validatingadmissionpolicybindings',
    'MutatingAdmissionPolicy/mutatingadmissionpolicies',
    'MutatingAdmissionPolicyBinding/mutatingadmissionpolicybindings',
  ),
  ...of('apiregistration.k8s.io/v1', 'APIService/apiservices'),
  ...of('networking.k8s.io/v1', 'NetworkPolicy/networkpolicies'),
  ...of('v1', 'ConfigMap/configmaps').map((kind) => ({
    ...kind,
    only: {
      namespace: 'kube-system',
      names: ['coredns', 'coredns-custom', 'aws-auth', 'kube-dns', 'node-local-dns', 'extension-apiserver-authentication'],
    },
  })),
];

const resources: ReadonlyMap<string, string> = new Map(watchedKinds.map(({ kind, resource }) => [kind, resource]));

/** What a watch says about an object. */
export interface ObservedChange {
  readonly operation: Operation;
  /** The object, or for a deletion its last state. */
  readonly object: KubeObject;
  /** The facts before, as the caller kept them. Undefined for `create` and `found`. */
  readonly before?: ObjectFacts | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Returns the activity of a change, or undefined if its kind is not watched. The caller keeps `after` of the result as the next `before`.
 */
export function changeActivity({ operation, object, before, at }: ObservedChange): ChangeActivity | undefined {
  const kind = object.kind ?? '';
  const resource = resources.get(kind);
  if (resource === undefined) return undefined;
  const { name, namespace, uid } = object.metadata;
  const facts = objectFacts(object as unknown as Readonly<Record<string, unknown>>);
  const reference = { apiVersion: object.apiVersion ?? '', kind, name, ...definedEntries({ namespace, uid }) };
  const base = { type: 'change', at, operation, resource, object: reference } as const;
  if (operation === 'delete') return { ...base, before: before ?? facts };
  return { ...base, after: facts, ...definedEntries({ before, manager: facts.managers.at(-1) }) };
}
