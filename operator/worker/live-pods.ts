import { apiVersionOf, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { LivePods } from '../engine/live-pods.ts';
import { isWorkloadKind } from '../engine/workload-kind.ts';
import { isForbidden, isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import { resourceOf, type Shard } from '../scan/shard.ts';

/** What the live pods of a shard's workloads are read by. */
export interface LivePodWork {
  readonly client: KubeClient;
  readonly shard: Shard;
  readonly resources: readonly ApiResource[];
  readonly signal: AbortSignal;
}

const groupKind = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);
/** What stands between pods and the workloads that people write. */
const between: ReadonlySet<string> = new Set(['ReplicaSet.apps', 'Job.batch']);
const pageSize = 250;

/** The live pods in the namespaces where the shard has workloads that control some. What may not be listed is told where it is a target. */
export async function livePodsOf({ client, shard, resources, signal }: LivePodWork): Promise<LivePods> {
  const live = new LivePods();
  const controlling = shard.slices.filter((slice) => controlsPods(resourceOf(slice, resources)));
  const namespaces = new Set(controlling.flatMap(({ namespace }) => namespace ?? []));
  const links = resources.filter((resource) => between.has(groupKind(resource)));
  const pods = resources.filter((resource) => groupKind(resource) === 'Pod');
  const places = [...namespaces].flatMap((namespace) => [...links, ...pods].map((resource) => ({ namespace, resource })));
  for (const { namespace, resource } of places) {
    const options = { namespace, limit: pageSize, metadataOnly: links.includes(resource), signal };
    const take = (item: KubeObject): void => live.add({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind });
    try {
      for await (const { items } of listPages<KubeObject>(client, resource, options)) items.forEach(take);
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) throw error;
    }
  }
  return live;
}

const controlsPods = (resource: ApiResource | undefined): boolean =>
  resource !== undefined && groupKind(resource) !== 'Pod' && isWorkloadKind(groupKind(resource));
