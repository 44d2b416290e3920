import type { ApiResource } from '../api/api-resource.ts';
import { nameOfKind } from './controls/control-kinds.ts';
import type { PolicySet } from './policy-set.ts';
import { isWorkloadKind } from './objects/workload-kind.ts';

/** The resources that verdicts depend on, besides the evaluated objects themselves. */
export interface ContextReads {
  /** Resources whose objects are read in the whole cluster. */
  readonly clusterWide: readonly ApiResource[];
  /** Resources whose objects are read only in the namespace of the evaluated object. */
  readonly inNamespace: readonly ApiResource[];
}

/** API groups whose namespaced objects also affect other namespaces. */
const clusterWideGroups: ReadonlySet<string> = new Set(['rbac.authorization.k8s.io', 'gateway.networking.k8s.io']);

/** Kinds between pods and the workloads that users write. */
const intermediateKinds: readonly string[] = ['ReplicaSet.apps', 'Job.batch'];

/** Further kinds between pods and custom workloads. */
const customLinks: Readonly<Record<string, readonly string[]>> = {
  'Service.serving.knative.dev': ['Configuration.serving.knative.dev', 'Revision.serving.knative.dev', 'Deployment.apps'],
  'Configuration.serving.knative.dev': ['Revision.serving.knative.dev', 'Deployment.apps'],
  'Revision.serving.knative.dev': ['Deployment.apps'],
  'DeploymentConfig.apps.openshift.io': ['ReplicationController'],
  'RayJob.ray.io': ['RayCluster.ray.io'],
  'RayService.ray.io': ['RayCluster.ray.io'],
  'LeaderWorkerSet.leaderworkerset.x-k8s.io': ['StatefulSet.apps'],
  'AdvancedCronJob.apps.kruise.io': ['BroadcastJob.apps.kruise.io'],
  'Fleet.agones.dev': ['GameServerSet.agones.dev', 'GameServer.agones.dev'],
  'GameServerSet.agones.dev': ['GameServer.agones.dev'],
};

/** Vigil never reads Secrets, even if a check names them. */
const isReadable = ({ group, resource }: ApiResource): boolean => !(group === '' && resource === 'secrets');

/**
 * Returns the resources that the cross-object checks of a policy set read for objects of these kinds. Undefined among `kinds` is the
 * cluster as a whole. The worker reads these resources, and the marks of namespaces cover them. `oneNamespace`: the objects are those of
 * one namespace and the Namespace itself, for which the objects in it are enough. Pure.
 */
export function contextReads(
  set: PolicySet,
  kinds: readonly (ApiResource | undefined)[],
  { oneNamespace = false }: { readonly oneNamespace?: boolean } = {},
): ContextReads {
  const isInside = (resource: ApiResource | undefined): resource is ApiResource =>
    resource !== undefined && (resource.namespaced || (oneNamespace && nameOfKind(resource) === 'Namespace'));
  const outside = kinds.filter((resource) => !isInside(resource));
  const inside = kinds.filter(isInside);
  const across = new Set(set.crossNamespaceKinds(inside));
  const around = set.contextFor(inside).filter(isReadable);
  const isFar = (resource: ApiResource): boolean =>
    !resource.namespaced || clusterWideGroups.has(resource.group) || across.has(nameOfKind(resource));
  const everywhere = new Set([...(outside.length > 0 ? set.contextFor(outside).filter(isReadable) : []), ...around.filter(isFar)]);
  return { clusterWide: [...everywhere], inNamespace: around.filter((resource) => !everywhere.has(resource)) };
}

/** Returns pods, and the resources between pods and the workloads of these kinds. Returns empty lists if no kind controls pods. */
export function livePodReads(
  kinds: readonly (ApiResource | undefined)[],
  resources: readonly ApiResource[],
): { readonly links: readonly ApiResource[]; readonly pods: readonly ApiResource[] } {
  if (!kinds.some(controlsPods)) return { links: [], pods: [] };
  const named = (names: (name: string) => boolean): ApiResource[] => [
    ...new Map(
      resources
        .toReversed()
        .filter((resource) => names(nameOfKind(resource)))
        .map((resource) => [nameOfKind(resource), resource]),
    ).values(),
  ];
  const links = new Set([...intermediateKinds, ...kinds.flatMap((kind) => (kind && customLinks[nameOfKind(kind)]) ?? [])]);
  return { links: named((name) => links.has(name)), pods: named((name) => name === 'Pod') };
}

/** Whether objects of a kind may control pods. Such objects are evaluated together with their live pods. */
export const controlsPods = (resource: ApiResource | undefined): boolean =>
  resource !== undefined && nameOfKind(resource) !== 'Pod' && isWorkloadKind(nameOfKind(resource));
