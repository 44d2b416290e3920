import type { KubeObject } from '../../operator/api/metadata.ts';

type Fields = Readonly<Record<string, unknown>>;

const groups: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  CertificateSigningRequest: 'certificates.k8s.io/v1',
  MutatingAdmissionPolicy: 'admissionregistration.k8s.io/v1',
  APIService: 'apiregistration.k8s.io/v1',
  MutatingWebhookConfiguration: 'admissionregistration.k8s.io/v1',
  ValidatingWebhookConfiguration: 'admissionregistration.k8s.io/v1',
};

/** Returns an object. An empty namespace means that it is cluster-scoped. */
export const make = (kind: string, namespace: string, name: string, fields: Fields = {}, metadata: Fields = {}): KubeObject => ({
  apiVersion: groups[kind] ?? 'v1',
  kind,
  metadata: { name, ...(namespace === '' ? {} : { namespace }), ...metadata },
  ...fields,
});

/** A pod spec. */
export const podSpec = (image: string, account = 'default', more: Fields = {}, container: Fields = {}): Fields => ({
  serviceAccountName: account,
  containers: [{ name: 'main', image, resources: { requests: { cpu: '100m' } }, ...container }],
  ...more,
});

/** A workload with a pod template. */
export function workload(
  kind: string,
  namespace: string,
  name: string,
  spec: Fields,
  more: { readonly replicas?: number; readonly metadata?: Fields } = {},
): KubeObject {
  const template = { metadata: { labels: { app: name } }, spec };
  const whole =
    kind === 'CronJob'
      ? { schedule: '0 * * * *', jobTemplate: { spec: { template } } }
      : { ...(kind === 'DaemonSet' ? {} : { replicas: more.replicas ?? 2 }), template };
  return make(kind, namespace, name, { spec: whole }, more.metadata);
}

/** The owner reference of a controller. */
export const owned = (kind: string, name: string): Fields => ({
  ownerReferences: [{ apiVersion: groups[kind] ?? 'v1', kind, name, uid: `uid-${name}`, controller: true }],
});

/** What Helm writes on each object of a release. */
export const helmRelease = (name: string, namespace: string): Fields => ({
  labels: { 'app.kubernetes.io/instance': name, 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': namespace },
});

/** A role binding of a service account or of others. */
export const bind = (
  kind: string,
  namespace: string,
  name: string,
  role: string,
  subjects: readonly Fields[],
  metadata: Fields = {},
): KubeObject => {
  const [roleKind, roleName] = role.split('/');
  return make(
    kind,
    namespace,
    name,
    { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: roleName }, subjects },
    metadata,
  );
};

/** A rule of a role. */
export const rule = (verbs: string, resources: string, apiGroups = ''): Fields => ({
  verbs: verbs.split(' '),
  resources: resources.split(' '),
  apiGroups: apiGroups.split(' '),
});

/** A node of a pool. `index` determines its addresses. */
export const nodeObject = (name: string, index: number, pool: string, controlPlane = false): KubeObject =>
  make(
    'Node',
    '',
    name,
    {
      spec: { podCIDR: `10.244.${index}.0/24` },
      status: {
        addresses: [
          { type: 'InternalIP', address: `10.0.0.${index}` },
          { type: 'Hostname', address: name },
        ],
      },
    },
    {
      labels: {
        'kubernetes.io/os': 'linux',
        'kubernetes.io/hostname': name,
        'node.kubernetes.io/instance-type': pool === 'gpu' ? 'g5.xlarge' : 'm6i.2xlarge',
        'eks.amazonaws.com/nodegroup': pool,
        ...(controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
      },
    },
  );
