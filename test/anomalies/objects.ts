import type { KubeObject } from '../../operator/api/metadata.ts';

type Fields = Readonly<Record<string, unknown>>;

const versions: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  CertificateSigningRequest: 'certificates.k8s.io/v1',
  APIService: 'apiregistration.k8s.io/v1',
};
const versionOf = (kind: string): string => {
  if (/Role|Binding$/.test(kind) && !/^(?:Validating|Mutating)/.test(kind)) return 'rbac.authorization.k8s.io/v1';
  return kind.startsWith('Validating') || kind.startsWith('Mutating') ? 'admissionregistration.k8s.io/v1' : (versions[kind] ?? 'v1');
};

/** Returns an object. `path` is `NAMESPACE/NAME` or `NAME`. */
export function object(kind: string, path: string, fields: Fields = {}, metadata: Fields = {}): KubeObject {
  const [first = '', second] = path.split('/');
  const place = second === undefined ? { name: first } : { namespace: first, name: second };
  return { apiVersion: versionOf(kind), kind, metadata: { ...place, uid: `uid-${kind}-${path}`, ...metadata }, ...fields };
}

/** What a manager of fields left in the metadata. */
export const managedBy = (manager: string, time = '2026-11-01T00:00:00Z'): Fields => ({
  managedFields: [{ manager, operation: 'Update', time, fieldsV1: { 'f:spec': {} } }],
});

/** Owner references to a controller. */
export const ownedBy = (kind: string, name: string): Fields => ({
  ownerReferences: [{ apiVersion: versionOf(kind), kind, name, uid: `uid-${name}`, controller: true }],
});

/** The labels and annotations of a release of Helm. */
export const release = (name: string): Fields => ({
  labels: { 'app.kubernetes.io/instance': name },
  annotations: { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': name },
});

/** A pod spec with one container. */
export const podSpec = (image: string, spec: Fields = {}, container: Fields = {}): Fields => ({
  containers: [{ name: 'main', image, ...container }],
  ...spec,
});

/** A workload of a kind with a pod template. */
export const workload = (
  kind: string,
  path: string,
  spec: Fields,
  more: { readonly replicas?: number; readonly metadata?: Fields } = {},
): KubeObject => {
  const template = { spec };
  const whole = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { replicas: more.replicas ?? 1, template };
  return object(kind, path, { spec: whole }, more.metadata);
};

/** A pod on a node. */
export const pod = (path: string, spec: Fields, more: { readonly ip?: string; readonly metadata?: Fields } = {}): KubeObject =>
  object('Pod', path, { spec, status: more.ip === undefined ? {} : { podIP: more.ip, podIPs: [{ ip: more.ip }] } }, more.metadata);

/** A node with an address. */
export const node = (name: string, ip: string, more: { readonly labels?: Fields; readonly range?: string } = {}): KubeObject =>
  object(
    'Node',
    name,
    { spec: more.range === undefined ? {} : { podCIDR: more.range }, status: { addresses: [{ type: 'InternalIP', address: ip }] } },
    { labels: { 'kubernetes.io/os': 'linux', 'node.kubernetes.io/instance-type': 'm5.large', ...more.labels } },
  );

/** A rule of a role. */
export const rule = (verbs: string, resources: string, groups = ''): Fields => ({
  verbs: verbs.split(' '),
  resources: resources.split(' '),
  apiGroups: groups.split(' '),
});

/** A binding. Each subject is `User/NAME`, `Group/NAME` or `ServiceAccount/NAMESPACE/NAME`. */
export const binding = (kind: string, path: string, role: string, subjects: readonly string[], metadata: Fields = {}): KubeObject => {
  const [roleKind = '', ...roleName] = role.split('/');
  return object(
    kind,
    path,
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: roleName.join('/') },
      subjects: subjects.map((subject) => {
        const [type = '', ...rest] = subject.split('/');
        return type === 'ServiceAccount' ? { kind: type, namespace: rest[0], name: rest[1] } : { kind: type, name: rest.join('/') };
      }),
    },
    metadata,
  );
};
