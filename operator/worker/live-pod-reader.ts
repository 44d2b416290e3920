import { apiVersionOf, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { controlsPods, livePodReads } from '../engine/context-reads.ts';
import { LivePods } from '../engine/pods/live-pods.ts';
import { ListedObjects } from '../findings/namespace-marks.ts';
import { isForbidden, isNotFound } from '../kube/client/kube-api-error.ts';
import { listPages, type ListClient } from '../kube/list.ts';
import { resourceOf, type Shard, type Slice } from './shard.ts';

/** The inputs for reading the live pods of a shard. */
export interface LivePodWork {
  readonly client: ListClient;
  readonly shard: Shard;
  readonly resources: readonly ApiResource[];
  readonly signal: AbortSignal;
}

const pageSize = 250;

/** The live pods of a shard, and the digests of the objects that were read to find them. */
export interface LivePodReadResult {
  readonly live: LivePods;
  readonly read: ListedObjects;
}

/**
 * Reads the live pods in the namespaces in which the shard has workloads. Skips a resource that may not be listed. It is reported where it
 * is a target.
 */
export async function readLivePods({ client, shard, resources, signal }: LivePodWork): Promise<LivePodReadResult> {
  const live = new LivePods();
  const read = new ListedObjects();
  const kindOf = (slice: Slice): ApiResource | undefined => resourceOf(slice, resources);
  const namespaces = new Set(shard.slices.filter((slice) => controlsPods(kindOf(slice))).flatMap(({ namespace }) => namespace ?? []));
  const { links, pods } = livePodReads(shard.slices.map(kindOf), resources);
  const places = [...namespaces].flatMap((namespace) => [...links, ...pods].map((resource) => ({ namespace, resource })));
  for (const { namespace, resource } of places) {
    const options = { namespace, limit: pageSize, metadataOnly: links.includes(resource), signal };
    const take = (item: KubeObject): void => {
      live.add({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind });
      read.add(resource, item.metadata);
    };
    try {
      for await (const { items } of listPages<KubeObject>(client, resource, options)) items.forEach(take);
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) throw error;
    }
  }
  return { live, read };
}
