import type { ApiResource } from '../api/api-resource.ts';
import { allObjects, CLUSTER_SCOPE, objectsIn, type ListedObjects, type ReadSet } from '../findings/namespace-marks.ts';
import { contextReads, livePodReads } from './context-reads.ts';
import type { PolicySet } from './policy-set.ts';

/** The targets whose verdicts are asked about. */
export interface NamespaceKinds {
  /** Empty: outside of all namespaces. */
  readonly namespace: string;
  /** The kinds of its targets; undefined stands for the cluster as a whole. */
  readonly kinds: readonly (ApiResource | undefined)[];
  /** What the server serves. */
  readonly resources: readonly ApiResource[];
}

/** The sets of objects that verdicts in a namespace depend on beside the targets. */
export interface NamespaceReads {
  readonly context: readonly ReadSet[];
  readonly live: readonly ReadSet[];
}

/** What the verdicts about targets of these kinds in one namespace depend on beside them. Pure. */
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

/** Sets with their digests, as records of the stream have them; a set that proves nothing has an empty one. */
export function digestsOf(sets: readonly ReadSet[], listed: ListedObjects | undefined): (readonly [string, string, string])[] {
  return sets.map((set) => [set.kind, set.place, listed?.of(set) ?? ''] as const);
}
