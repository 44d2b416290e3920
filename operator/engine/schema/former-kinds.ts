import { apiLifecycles } from './api-lifecycles.ts';

/** A kind in a version that Kubernetes deprecated or removed, or that it did not have from the start. Minor versions of Kubernetes 1. */
export interface KindLifecycle {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The first one with it. 0: not known. */
  readonly introduced: number;
  /** The first one that warns of it. Undefined: none yet. */
  readonly deprecated?: number;
  /** The first one without it. Undefined: none yet. */
  readonly removed?: number;
  /** What is in its place: `apiVersion`, and the kind if it has another name. Undefined: the sources name nothing. */
  readonly replacement?: string;
}

/** A kind in a version that Kubernetes removes. */
export interface FormerKind extends KindLifecycle {
  readonly removed: number;
}

type Row = readonly [apiVersion: string, kinds: string, removed: number, replacement?: string];

/** What the sources of Kubernetes no longer hold, from its deprecation guide and release notes. */
const rows: readonly Row[] = [
  ['extensions/v1beta1', 'PodSecurityPolicy', 16, 'Pod Security admission'],
  ['extensions/v1beta1', 'Job', 8, 'batch/v1'],
  ['extensions/v1beta1', 'HorizontalPodAutoscaler', 8, 'autoscaling/v2'],
  ['extensions/v1beta1', 'ThirdPartyResource', 8, 'apiextensions.k8s.io/v1 CustomResourceDefinition'],
  ['apps/v1alpha1', 'PetSet', 5, 'apps/v1 StatefulSet'],
  ['auditregistration.k8s.io/v1alpha1', 'AuditSink', 19],
  ['settings.k8s.io/v1alpha1', 'PodPreset', 20],
  ['batch/v2alpha1', 'CronJob ScheduledJob Job', 21, 'batch/v1'],
  ['admissionregistration.k8s.io/v1alpha1', 'InitializerConfiguration', 14],
  ['authentication.k8s.io/v1beta1', 'TokenReview', 22, 'authentication.k8s.io/v1'],
  [
    'authorization.k8s.io/v1beta1',
    'LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
    22,
    'authorization.k8s.io/v1',
  ],
  ['autoscaling/v2alpha1', 'HorizontalPodAutoscaler', 8, 'autoscaling/v2'],
  ['flowcontrol.apiserver.k8s.io/v1alpha1', 'FlowSchema PriorityLevelConfiguration', 24, 'flowcontrol.apiserver.k8s.io/v1'],
  ['node.k8s.io/v1alpha1', 'RuntimeClass', 22, 'node.k8s.io/v1'],
  ['policy/v1alpha1', 'PodDisruptionBudget', 7, 'policy/v1'],
  ['policy/v1beta1', 'PodSecurityPolicy', 25, 'Pod Security admission'],
  ['rbac.authorization.k8s.io/v1alpha1', 'ClusterRole ClusterRoleBinding Role RoleBinding', 22, 'rbac.authorization.k8s.io/v1'],
  ['scheduling.k8s.io/v1alpha1', 'PriorityClass', 22, 'scheduling.k8s.io/v1'],
  ['resource.k8s.io/v1alpha1', 'PodScheduling ResourceClaim ResourceClaimTemplate ResourceClass', 27, 'resource.k8s.io/v1'],
  [
    'resource.k8s.io/v1alpha2',
    'PodSchedulingContext ResourceClaim ResourceClaimTemplate ResourceClass ResourceSlice',
    31,
    'resource.k8s.io/v1',
  ],
];

function identityOf(apiVersion: string, kind: string): Pick<KindLifecycle, 'group' | 'version' | 'kind'> {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, kind };
}

/** Without the kind, if it is the same. */
function shortened(replacement: string, kind: string): string {
  return replacement.endsWith(` ${kind}`) ? replacement.slice(0, -kind.length - 1) : replacement;
}

const generated = apiLifecycles.map(([name, introduced, deprecated, removed, replacement]): KindLifecycle => {
  const [apiVersion = '', kind = ''] = name.split(' ');
  return {
    ...identityOf(apiVersion, kind),
    introduced,
    ...(deprecated === 0 ? {} : { deprecated }),
    ...(removed === 0 ? {} : { removed }),
    ...(replacement === '' ? {} : { replacement: shortened(replacement, kind) }),
  };
});

const earlier = rows.flatMap(([apiVersion, kinds, removed, replacement]) =>
  kinds
    .split(' ')
    .map((kind): KindLifecycle => ({ ...identityOf(apiVersion, kind), introduced: 0, removed, ...(replacement ? { replacement } : {}) })),
);

const all: readonly KindLifecycle[] = [...generated, ...earlier];
const byName: ReadonlyMap<string, KindLifecycle> = new Map(all.map((found) => [`${found.group}/${found.version}/${found.kind}`, found]));

/** Returns when Kubernetes introduces, deprecates and removes a kind in a version. Undefined if nothing of that is known. */
export function lifecycleOf(group: string, version: string, kind: string): KindLifecycle | undefined {
  return byName.get(`${group}/${version}/${kind}`);
}

const isRemoved = (found: KindLifecycle): found is FormerKind => found.removed !== undefined;

/** The versions of built-in kinds that Kubernetes removed, or will remove. */
export const formerKinds: readonly FormerKind[] = all.filter(isRemoved);
