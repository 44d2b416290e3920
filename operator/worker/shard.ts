import { ownEntry } from '../api/own-entry.ts';
import type { ApiResource } from '../api/api-resource.ts';

/** The resource of a slice that is the cluster as a whole. It has one target. */
export const WHOLE_CLUSTER = 'cluster';

/** The resource of a slice: an index into the plan's resources, or the cluster as a whole. */
export type SliceResource = number | typeof WHOLE_CLUSTER;

/** The value of {@link WHOLE_CLUSTER} in versions before 0.2. */
const formerWholeCluster = -1;

/** Whether a slice is the cluster as a whole. */
export const isWholeCluster = ({ resource }: Pick<Slice, 'resource'>): boolean =>
  resource === WHOLE_CLUSTER || resource === formerWholeCluster;

/** Returns the resource of a slice. Undefined for the cluster as a whole. Throws if the plan does not have the resource. */
export function resourceOf(slice: Pick<Slice, 'resource'>, resources: readonly ApiResource[]): ApiResource | undefined {
  if (isWholeCluster(slice)) return undefined;
  const resource = slice.resource === WHOLE_CLUSTER ? undefined : resources[slice.resource];
  if (!resource) throw new Error(`the shard has resource index ${slice.resource}, the scan has ${resources.length} resources`);
  return resource;
}

/** Returns the index of a resource in a plan, in the same version if possible, else in another version. Undefined if it is not served. */
export function indexOfResource(resources: readonly ApiResource[], { group, version, resource }: ApiResource): number | undefined {
  const same = (known: ApiResource): boolean => known.group === group && known.resource === resource;
  const exact = resources.findIndex((known) => same(known) && known.version === version);
  const found = exact >= 0 ? exact : resources.findIndex(same);
  return found >= 0 ? found : undefined;
}

/** The part of one list that one shard reads: a resource in a namespace or in the cluster, or a range of it. */
export interface Slice {
  readonly resource: SliceResource;
  /** Absent for cluster-scoped resources. */
  readonly namespace?: string;
  /** The continue token at which the range starts. Absent: the start of the list. */
  readonly from?: string;
  /** The last name that is already evaluated. Names up to it are skipped. */
  readonly after?: string;
  /** Set if the list is not sorted by name. Its objects are then identified by their position. */
  readonly unsorted?: true;
  /** The last name of the range. Absent: the end of the list. */
  readonly to?: string;
  /** The names to read. Absent: all. */
  readonly names?: readonly string[];
  /** The number of targets that the planner counted. */
  readonly targets: number;
  /** The number of targets by policy. A target in the scope of two policies counts for each. */
  readonly policies: Readonly<Record<string, number>>;
}

/** The work of one pod: one index of an Indexed Job. */
export interface Shard {
  readonly slices: readonly Slice[];
  /** Objects per page. Halved if a shard ran out of memory. */
  readonly pageSize: number;
}

/** Returns the planned number of targets of a shard. */
export const shardTargets = ({ slices }: Shard): number => slices.reduce((sum, { targets }) => sum + targets, 0);

/** Returns the planned number of targets of a shard by policy. */
export function policyTargets({ slices }: Shard): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { policies } of slices)
    for (const [policy, count] of Object.entries(policies)) counts[policy] = (ownEntry(counts, policy) ?? 0) + count;
  return counts;
}

/** Splits a shard into two of about half the work. Returns the same shard with smaller pages if it has one slice. */
export function splitShard(shard: Shard): Shard[] {
  const pageSize = Math.max(10, Math.floor(shard.pageSize / 2));
  if (shard.slices.length < 2) return [{ ...shard, pageSize }];
  const middle = shard.slices.length >>> 1;
  return [shard.slices.slice(0, middle), shard.slices.slice(middle)].map((slices) => ({ slices, pageSize }));
}
