import type { ApiResource } from '../api/api-resource.ts';
import { allObjects, CLUSTER_SCOPE, objectsIn, type ListedObjects, type ReadSet } from '../findings/namespace-marks.ts';
import { contextReads, livePodReads } from './context-reads.ts';
import type { PolicySet } from './policy-set.ts';

/** The targets of one namespace. */
export interface NamespaceKinds {
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  /** The kinds of the targets. Undefined is the cluster as a whole. */
  readonly kinds: readonly (ApiResource | undefined)[];
  /** The resources that the server serves. */
  readonly resources: readonly ApiResource[];
}

/** The sets of objects that the verdicts in a namespace depend on, besides the targets themselves. */
export interface NamespaceReads {
  readonly context: readonly ReadSet[];
  readonly live: readonly ReadSet[];
}

/** Returns the sets of objects that the verdicts about these targets depend on. Pure. */
export function namespaceReads(set: PolicySet, { namespace, kinds, resources }: NamespaceKinds): NamespaceReads {
  const { clusterWide, inNamespace } = contextReads(set, kinds);
  const { links, pods } = namespace === CLUSTER_SCOPE ? { links: [], pods: [] } : livePodReads(kinds, resources);
  return {
    context: [
      ...clusterWide.map((resource) => allObjects(resource, namespace)),
      ...inNamespace.map((resource) => objectsIn(resource, namespace)),
    ],
    live: [...links, ...pods].map((resource) => objectsIn(resource, namespace)),
  };
}

/** Returns each set with its digest, in the form of the stream's records. The digest is empty if the set has none. */
export function digestsOf(sets: readonly ReadSet[], listed: ListedObjects | undefined): (readonly [string, string, string])[] {
  return sets.map((set) => [set.kind, set.place, listed?.of(set) ?? ''] as const);
}
