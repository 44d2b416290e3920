import type { ApiResource } from '../../api/api-resource.ts';

type Row = readonly [group: string, versions: string, namespaced: boolean, kinds: string];

/** `kinds` has entries `Kind`, or `Kind=plural` if the plural is not the kind with an s. */
const rows: readonly Row[] = [
  [
    '',
    'v1',
    true,
    'Pod ReplicationController Service ServiceAccount ConfigMap Secret Endpoints=endpoints Event LimitRange ResourceQuota PersistentVolumeClaim PodTemplate Binding',
  ],
  ['', 'v1', false, 'Namespace Node PersistentVolume ComponentStatus=componentstatuses'],
  ['apps', 'v1', true, 'Deployment StatefulSet DaemonSet ReplicaSet ControllerRevision'],
  ['batch', 'v1', true, 'Job CronJob'],
  ['autoscaling', 'v2 v1', true, 'HorizontalPodAutoscaler'],
  ['policy', 'v1', true, 'PodDisruptionBudget'],
  ['networking.k8s.io', 'v1', true, 'NetworkPolicy=networkpolicies Ingress=ingresses'],
  ['networking.k8s.io', 'v1', false, 'IngressClass=ingressclasses IPAddress=ipaddresses ServiceCIDR'],
  ['discovery.k8s.io', 'v1', true, 'EndpointSlice'],
  ['events.k8s.io', 'v1', true, 'Event'],
  ['coordination.k8s.io', 'v1', true, 'Lease'],
  ['rbac.authorization.k8s.io', 'v1', true, 'Role RoleBinding'],
  ['rbac.authorization.k8s.io', 'v1', false, 'ClusterRole ClusterRoleBinding'],
  [
    'storage.k8s.io',
    'v1',
    false,
    'StorageClass=storageclasses VolumeAttachment CSIDriver CSINode VolumeAttributesClass=volumeattributesclasses',
  ],
  ['storage.k8s.io', 'v1', true, 'CSIStorageCapacity=csistoragecapacities'],
  ['scheduling.k8s.io', 'v1', false, 'PriorityClass=priorityclasses'],
  ['node.k8s.io', 'v1', false, 'RuntimeClass=runtimeclasses'],
  ['apiextensions.k8s.io', 'v1', false, 'CustomResourceDefinition'],
  ['apiregistration.k8s.io', 'v1', false, 'APIService'],
  ['certificates.k8s.io', 'v1', false, 'CertificateSigningRequest'],
  ['flowcontrol.apiserver.k8s.io', 'v1', false, 'FlowSchema PriorityLevelConfiguration'],
  ['resource.k8s.io', 'v1', true, 'ResourceClaim ResourceClaimTemplate'],
  ['resource.k8s.io', 'v1', false, 'DeviceClass=deviceclasses ResourceSlice'],
  [
    'admissionregistration.k8s.io',
    'v1',
    false,
    'ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy=validatingadmissionpolicies ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy=mutatingadmissionpolicies MutatingAdmissionPolicyBinding',
  ],
];

/** The resources that every Kubernetes serves, as discovery lists them. */
export const builtinResources: readonly ApiResource[] = rows.flatMap(([group, versions, namespaced, kinds]) =>
  versions.split(' ').flatMap((version) =>
    kinds.split(' ').map((entry): ApiResource => {
      const [kind = '', resource = pluralOf(kind)] = entry.split('=');
      return { group, version, resource, kind, namespaced };
    }),
  ),
);

/** Returns the English plural of a kind in lower case, which is the likely name of its resource. */
export function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}
