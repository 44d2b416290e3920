import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isForbidden, isNotFound, KubeApiError } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import type { Count } from './plan.ts';
import type { Slice } from './shard.ts';

/** Kinds whose controllers make Pods: what one of them controls is judged at its owner and is no target of its own. */
const podBearing: ReadonlySet<string> = new Set([
  'apps/Deployment',
  'apps/StatefulSet',
  'apps/DaemonSet',
  'apps/ReplicaSet',
  'batch/Job',
  'batch/CronJob',
  '/ReplicationController',
]);

/** Whether an object is controlled by a pod-bearing kind. Objects of owners that Vigil does not know stand for themselves. */
export function isOwned({ metadata }: KubeObject): boolean {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (!owner) return false;
  const slash = owner.apiVersion.indexOf('/');
  return podBearing.has(`${slash < 0 ? '' : owner.apiVersion.slice(0, slash)}/${owner.kind}`);
}

/** A resource that could not be listed: its targets cannot even be counted. */
export interface Unlisted {
  readonly resource: ApiResource;
  /** What is missing, naming verb and resource. */
  readonly message: string;
}

/** What is there to scan. */
export interface Inventory {
  readonly counts: readonly Count[];
  readonly unlisted: readonly Unlisted[];
}

/** What to look for. */
export interface InventoryOptions {
  /** Resources by the index that counts refer to. */
  readonly resources: readonly ApiResource[];
  /** Whether a policy takes an object in; asked for objects that are not owned. */
  readonly inScope: (resource: ApiResource, object: KubeObject) => boolean;
  /** The most targets in a slice. */
  readonly sliceTargets: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Counts the targets of each resource by namespace, by one paged metadata-only list a resource. Where a namespace has more than a
 * slice may hold, its list is walked again for the places where slices end. A resource that the account may not list, or
 * that is not served any more, is told and keeps nothing else back; every other error is thrown.
 */
export async function takeInventory(client: KubeClient, options: InventoryOptions): Promise<Inventory> {
  const counts: Count[] = [];
  const unlisted: Unlisted[] = [];
  for (const [index, resource] of options.resources.entries()) {
    try {
      for (const [namespace, targets] of await countByNamespace(client, resource, options)) {
        const place = resource.namespaced ? { resource: index, namespace } : { resource: index };
        const ranges =
          targets > options.sliceTargets
            ? await splitRanges(client, resource, { ...options, namespace: resource.namespaced ? namespace : undefined })
            : undefined;
        counts.push({ ...place, targets, ...(ranges === undefined ? {} : { ranges }) });
      }
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) throw error;
      unlisted.push({ resource, message: whyUnlisted(resource, error) });
    }
  }
  return { counts, unlisted };
}

async function countByNamespace(
  client: KubeClient,
  resource: ApiResource,
  { inScope, signal }: InventoryOptions,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const { items } of listPages(client, resource, { metadataOnly: true, signal })) {
    for (const object of items) {
      if (isOwned(object) || !inScope(resource, object)) continue;
      const namespace = object.metadata.namespace ?? '';
      counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
    }
  }
  return counts;
}

type Range = Omit<Slice, 'resource' | 'namespace'>;

/**
 * The places where a long list is cut: each range begins with a continue token and ends with a name, so that a token which
 * has expired meanwhile, and objects made meanwhile, move nothing from one range to another.
 */
async function splitRanges(
  client: KubeClient,
  resource: ApiResource,
  options: InventoryOptions & { namespace: string | undefined },
): Promise<Range[]> {
  const { namespace, inScope, sliceTargets, signal } = options;
  const ranges: Range[] = [];
  let from: string | undefined;
  let targets = 0;
  for await (const { items, next } of listPages(client, resource, {
    namespace,
    metadataOnly: true,
    limit: Math.min(sliceTargets, 500),
    signal,
  })) {
    targets += items.filter((object) => !isOwned(object) && inScope(resource, object)).length;
    const last = items.at(-1)?.metadata.name;
    if (next !== undefined && (targets < sliceTargets || last === undefined)) continue;
    ranges.push({ targets, ...(from === undefined ? {} : { from }), ...(next === undefined || last === undefined ? {} : { to: last }) });
    from = next;
    targets = 0;
  }
  return ranges;
}

function whyUnlisted({ group, resource }: ApiResource, error: unknown): string {
  const where = group === '' ? 'the core API group' : `API group ${group}`;
  if (isNotFound(error)) return `${resource} in ${where} is not served by this cluster any more`;
  const said = error instanceof KubeApiError ? error.message : String(error);
  return `may not list ${resource} in ${where}: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true" (${said})`;
}
