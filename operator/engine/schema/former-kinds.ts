/** A kind in a version that Kubernetes no longer serves. */
export interface FormerKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The first minor version of Kubernetes 1 without it. */
  readonly removed: number;
  /** The version in its place, as `apiVersion` and, if it has another name, kind. Undefined: there is none. */
  readonly replacement?: string;
}

type Row = readonly [apiVersion: string, kinds: string, removed: number, replacement?: string];

/** From the deprecation guide and the release notes of Kubernetes. */
const rows: readonly Row[] = [
  ['extensions/v1beta1', 'DaemonSet Deployment ReplicaSet', 16, 'apps/v1'],
  ['extensions/v1beta1', 'NetworkPolicy', 16, 'networking.k8s.io/v1'],
  ['extensions/v1beta1', 'Ingress', 22, 'networking.k8s.io/v1'],
  ['extensions/v1beta1', 'PodSecurityPolicy', 16, 'Pod Security admission'],
  ['extensions/v1beta1', 'Job', 8, 'batch/v1'],
  ['extensions/v1beta1', 'HorizontalPodAutoscaler', 8, 'autoscaling/v2'],
  ['extensions/v1beta1', 'ThirdPartyResource', 8, 'apiextensions.k8s.io/v1 CustomResourceDefinition'],
  ['apps/v1alpha1', 'PetSet', 5, 'apps/v1 StatefulSet'],
  ['apps/v1beta1', 'ControllerRevision Deployment StatefulSet', 16, 'apps/v1'],
  ['apps/v1beta2', 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet', 16, 'apps/v1'],
  ['auditregistration.k8s.io/v1alpha1', 'AuditSink', 19],
  ['settings.k8s.io/v1alpha1', 'PodPreset', 20],
  ['batch/v2alpha1', 'CronJob ScheduledJob Job', 21, 'batch/v1'],
  ['batch/v1beta1', 'CronJob', 25, 'batch/v1'],
  [
    'admissionregistration.k8s.io/v1beta1',
    'MutatingWebhookConfiguration ValidatingWebhookConfiguration',
    22,
    'admissionregistration.k8s.io/v1',
  ],
  ['admissionregistration.k8s.io/v1alpha1', 'InitializerConfiguration', 14],
  ['apiextensions.k8s.io/v1beta1', 'CustomResourceDefinition', 22, 'apiextensions.k8s.io/v1'],
  ['apiregistration.k8s.io/v1beta1', 'APIService', 22, 'apiregistration.k8s.io/v1'],
  ['authentication.k8s.io/v1beta1', 'TokenReview', 22, 'authentication.k8s.io/v1'],
  [
    'authorization.k8s.io/v1beta1',
    'LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
    22,
    'authorization.k8s.io/v1',
  ],
  ['autoscaling/v2alpha1', 'HorizontalPodAutoscaler', 8, 'autoscaling/v2'],
  ['autoscaling/v2beta1', 'HorizontalPodAutoscaler', 25, 'autoscaling/v2'],
  ['autoscaling/v2beta2', 'HorizontalPodAutoscaler', 26, 'autoscaling/v2'],
  ['certificates.k8s.io/v1beta1', 'CertificateSigningRequest', 22, 'certificates.k8s.io/v1'],
  ['coordination.k8s.io/v1beta1', 'Lease', 22, 'coordination.k8s.io/v1'],
  ['discovery.k8s.io/v1beta1', 'EndpointSlice', 25, 'discovery.k8s.io/v1'],
  ['events.k8s.io/v1beta1', 'Event', 25, 'events.k8s.io/v1'],
  ['flowcontrol.apiserver.k8s.io/v1alpha1', 'FlowSchema PriorityLevelConfiguration', 24, 'flowcontrol.apiserver.k8s.io/v1'],
  ['flowcontrol.apiserver.k8s.io/v1beta1', 'FlowSchema PriorityLevelConfiguration', 26, 'flowcontrol.apiserver.k8s.io/v1'],
  ['flowcontrol.apiserver.k8s.io/v1beta2', 'FlowSchema PriorityLevelConfiguration', 29, 'flowcontrol.apiserver.k8s.io/v1'],
  ['flowcontrol.apiserver.k8s.io/v1beta3', 'FlowSchema PriorityLevelConfiguration', 32, 'flowcontrol.apiserver.k8s.io/v1'],
  ['networking.k8s.io/v1beta1', 'Ingress IngressClass', 22, 'networking.k8s.io/v1'],
  ['node.k8s.io/v1alpha1', 'RuntimeClass', 22, 'node.k8s.io/v1'],
  ['node.k8s.io/v1beta1', 'RuntimeClass', 25, 'node.k8s.io/v1'],
  ['policy/v1alpha1', 'PodDisruptionBudget', 7, 'policy/v1'],
  ['policy/v1beta1', 'PodDisruptionBudget', 25, 'policy/v1'],
  ['policy/v1beta1', 'PodSecurityPolicy', 25, 'Pod Security admission'],
  ['rbac.authorization.k8s.io/v1alpha1', 'ClusterRole ClusterRoleBinding Role RoleBinding', 22, 'rbac.authorization.k8s.io/v1'],
  ['rbac.authorization.k8s.io/v1beta1', 'ClusterRole ClusterRoleBinding Role RoleBinding', 22, 'rbac.authorization.k8s.io/v1'],
  ['scheduling.k8s.io/v1alpha1', 'PriorityClass', 22, 'scheduling.k8s.io/v1'],
  ['scheduling.k8s.io/v1beta1', 'PriorityClass', 22, 'scheduling.k8s.io/v1'],
  ['storage.k8s.io/v1beta1', 'CSIDriver CSINode StorageClass VolumeAttachment', 22, 'storage.k8s.io/v1'],
  ['storage.k8s.io/v1alpha1', 'VolumeAttachment', 24, 'storage.k8s.io/v1'],
  ['storage.k8s.io/v1beta1', 'CSIStorageCapacity', 27, 'storage.k8s.io/v1'],
  ['storage.k8s.io/v1alpha1', 'CSIStorageCapacity', 24, 'storage.k8s.io/v1'],
  ['resource.k8s.io/v1alpha1', 'PodScheduling ResourceClaim ResourceClaimTemplate ResourceClass', 27, 'resource.k8s.io/v1'],
  [
    'resource.k8s.io/v1alpha2',
    'PodSchedulingContext ResourceClaim ResourceClaimTemplate ResourceClass ResourceSlice',
    31,
    'resource.k8s.io/v1',
  ],
];

/** The versions of built-in kinds that Kubernetes no longer serves. */
export const formerKinds: readonly FormerKind[] = rows.flatMap(([apiVersion, kinds, removed, replacement]) => {
  const [group = '', version = ''] = apiVersion.split('/');
  return kinds.split(' ').map((kind) => ({ group, version, kind, removed, ...(replacement === undefined ? {} : { replacement }) }));
});
