import { ownEntry } from '../../api/own-entry.ts';
import { unreadableReason } from '../../worker/unreadable-reason.ts';
import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isForbidden, isNotFound } from '../../kube/client/kube-api-error.ts';
import { LIST_PAGE_SIZE, listPages, type ListClient } from '../../kube/list.ts';
import type { Count } from './plan.ts';
import type { Slice } from '../../worker/shard.ts';

/** A resource that cannot be listed: its targets cannot be counted. */
export interface UnlistedResource {
  readonly resource: ApiResource;
  /** The missing permission or kind, with verb and resource. */
  readonly message: string;
}

/** The targets in scope. */
export interface Inventory {
  readonly counts: readonly Count[];
  readonly unlisted: readonly UnlistedResource[];
}

/** The options of {@link countTargets}. */
export interface InventoryOptions {
  /** The resources to list, by their index in the counts. */
  readonly resources: ReadonlyMap<number, ApiResource>;
  /** The policies that have an object as a target. */
  readonly policiesOf: (resource: ApiResource, object: KubeObject) => readonly string[];
  /** The most targets in a slice. */
  readonly sliceTargets: number;
  /** Called once for each listed object, whether it is a target or not. */
  readonly onObject?: ((resource: ApiResource, object: KubeObject) => void) | undefined;
  /** Called once for each listed object that is a target. */
  readonly onTarget?: ((resource: ApiResource, object: KubeObject) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Counts the targets of each resource by namespace, with one paged metadata-only list per resource. If a namespace has more targets than a
 * slice may have, it is listed again to find the ends of the slices. A resource that the account cannot list, or that is not served any
 * more, is returned as unlisted. Every other error is thrown.
 */
export async function countTargets(client: ListClient, options: InventoryOptions): Promise<Inventory> {
  const counts: Count[] = [];
  const unlisted: UnlistedResource[] = [];
  for (const [index, resource] of options.resources) {
    try {
      counts.push(...(await countsOf(client, { index, resource }, options)));
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) throw error;
      unlisted.push({ resource, message: unreadableReason(resource, error) });
    }
  }
  return { counts, unlisted };
}

/** The counts of one resource, by namespace. */
async function countsOf(
  client: ListClient,
  { index, resource }: { readonly index: number; readonly resource: ApiResource },
  options: InventoryOptions,
): Promise<Count[]> {
  const counts: Count[] = [];
  for (const [namespace, tally] of await countByNamespace(client, resource, options)) {
    const place = resource.namespaced ? { resource: index, namespace } : { resource: index };
    const isLong = tally.targets > options.sliceTargets && tally.sorted;
    const ranges = isLong ? await splitRanges(client, resource, { ...options, namespace: place.namespace }) : undefined;
    const sorted = tally.sorted && ranges !== 'unsorted';
    counts.push({
      ...place,
      ...tally.counts(),
      ...(sorted ? {} : { unsorted: true }),
      ...(ranges === undefined || ranges === 'unsorted' ? {} : { ranges }),
    });
  }
  return counts;
}

/** Counts targets, in total and by policy. */
class TargetCount {
  targets = 0;
  /** Whether the names have been sorted so far. */
  sorted = true;
  #last = '';
  readonly #policies: Record<string, number> = {};

  add(name: string, policies: readonly string[]): void {
    this.sorted &&= name >= this.#last;
    this.#last = name;
    if (policies.length > 0) this.targets++;
    for (const policy of policies) this.#policies[policy] = (ownEntry(this.#policies, policy) ?? 0) + 1;
  }

  counts(): Pick<Slice, 'targets' | 'policies'> {
    return { targets: this.targets, policies: { ...this.#policies } };
  }
}

async function countByNamespace(
  client: ListClient,
  resource: ApiResource,
  { policiesOf, onObject, onTarget, signal }: InventoryOptions,
): Promise<Map<string, TargetCount>> {
  const counts = new Map<string, TargetCount>();
  for await (const { items } of listPages(client, resource, { metadataOnly: true, omitManagedFields: true, signal })) {
    for (const object of items) {
      onObject?.(resource, object);
      const policies = policiesOf(resource, object);
      if (policies.length === 0) continue;
      onTarget?.(resource, object);
      const namespace = object.metadata.namespace ?? '';
      const tally = counts.get(namespace) ?? new TargetCount();
      counts.set(namespace, tally);
      tally.add(object.metadata.name, policies);
    }
  }
  return counts;
}

type Range = Omit<Slice, 'resource' | 'namespace'>;

/**
 * Divides a long list into ranges. Each range begins with a continue token and ends with a name: so an expired token or a new object moves
 * nothing from one range to another. Returns `unsorted` if the names are not sorted, as in some aggregated APIs.
 */
async function splitRanges(
  client: ListClient,
  resource: ApiResource,
  options: InventoryOptions & { namespace: string | undefined },
): Promise<Range[] | 'unsorted'> {
  const { namespace, policiesOf, sliceTargets, signal } = options;
  const ranges: Range[] = [];
  let from: string | undefined;
  let tally = new TargetCount();
  const limit = Math.min(sliceTargets, LIST_PAGE_SIZE);
  for await (const { items, next } of listPages(client, resource, {
    namespace,
    metadataOnly: true,
    omitManagedFields: true,
    limit,
    signal,
  })) {
    for (const object of items) tally.add(object.metadata.name, policiesOf(resource, object));
    // An unsorted list cannot be divided by name.
    if (!tally.sorted) return 'unsorted';
    const last = items.at(-1)?.metadata.name;
    if (next !== undefined && (tally.targets < sliceTargets || last === undefined)) continue;
    ranges.push(rangeOf(tally, from, next === undefined ? undefined : last));
    from = next;
    tally = new TargetCount();
  }
  return ranges;
}

function rangeOf(tally: TargetCount, from: string | undefined, to: string | undefined): Range {
  return { ...tally.counts(), ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
