import type { ApiResource } from '../api/api-resource.ts';
import { nameOfKind } from './controls/control-kinds.ts';
import type { PolicySet } from './policy-set.ts';
import { isWorkloadKind } from './objects/workload-kind.ts';

/** What the verdicts about objects depend on beside the objects themselves. */
export interface ContextReads {
  /** Resources of which every object of the cluster counts. */
  readonly clusterWide: readonly ApiResource[];
  /** Resources of which the objects in the judged object's own namespace count. */
  readonly inNamespace: readonly ApiResource[];
}

/** Groups whose objects matter outside their own namespace, too. */
const clusterWideGroups: ReadonlySet<string> = new Set(['rbac.authorization.k8s.io', 'gateway.networking.k8s.io']);

/** What stands between pods and the workloads that people write. */
const intermediateKinds: ReadonlySet<string> = new Set(['ReplicaSet.apps', 'Job.batch']);

/** Vigil reads no Secrets, whatever asks for them. */
const isReadable = ({ group, resource }: ApiResource): boolean => !(group === '' && resource === 'secrets');

/**
 * What the cross-object checks of a policy set read to judge objects of these kinds; undefined stands for the cluster as a whole. Both the
 * worker, which reads it, and the marks of namespaces, which must change when it changes, ask here. Pure.
 */
export function contextReads(set: PolicySet, kinds: readonly (ApiResource | undefined)[]): ContextReads {
  const outside = kinds.filter((resource) => resource?.namespaced !== true);
  const inside = kinds.filter((resource): resource is ApiResource => resource !== undefined && resource.namespaced);
  const across = new Set(set.crossNamespaceKinds(inside));
  const around = set.contextFor(inside).filter(isReadable);
  const isFar = (resource: ApiResource): boolean =>
    !resource.namespaced || clusterWideGroups.has(resource.group) || across.has(nameOfKind(resource));
  const everywhere = new Set([...(outside.length > 0 ? set.contextFor(outside).filter(isReadable) : []), ...around.filter(isFar)]);
  return { clusterWide: [...everywhere], inNamespace: around.filter((resource) => !everywhere.has(resource)) };
}

/** The resources that lead from live pods to the workloads of these kinds that control them, and pods; none where no kind controls pods. */
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
  return { links: named((name) => intermediateKinds.has(name)), pods: named((name) => name === 'Pod') };
}

/** Whether objects of a kind may control pods: live pods are judged with them. */
export const controlsPods = (resource: ApiResource | undefined): boolean =>
  resource !== undefined && nameOfKind(resource) !== 'Pod' && isWorkloadKind(nameOfKind(resource));
