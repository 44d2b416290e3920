import type { ApiResource } from '../api/api-resource.ts';

/** Instead of a resource: the slice is the cluster as a whole, one target. No index is equal to it. */
export const WHOLE_CLUSTER = 'cluster';

/** What a slice is about: an index into the plan's resources, or the cluster as a whole. */
export type SliceResource = number | typeof WHOLE_CLUSTER;

/** How versions before 0.2 wrote {@link WHOLE_CLUSTER}. */
const formerWholeCluster = -1;

/** Whether a slice is about the cluster as a whole. */
export const isWholeCluster = ({ resource }: Pick<Slice, 'resource'>): boolean =>
  resource === WHOLE_CLUSTER || resource === formerWholeCluster;

/** The resource of a slice; undefined for the cluster as a whole. Throws if the plan does not have it. */
export function resourceOf(slice: Pick<Slice, 'resource'>, resources: readonly ApiResource[]): ApiResource | undefined {
  if (isWholeCluster(slice)) return undefined;
  const resource = slice.resource === WHOLE_CLUSTER ? undefined : resources[slice.resource];
  if (!resource) throw new Error(`the shard names resource ${slice.resource}, the scan has ${resources.length}`);
  return resource;
}

/** Where a resource stands in a plan: in the same version, or in another one of the same objects. Undefined if it is not served. */
export function indexOfResource(resources: readonly ApiResource[], { group, version, resource }: ApiResource): number | undefined {
  const same = (known: ApiResource): boolean => known.group === group && known.resource === resource;
  const exact = resources.findIndex((known) => same(known) && known.version === version);
  const found = exact >= 0 ? exact : resources.findIndex(same);
  return found >= 0 ? found : undefined;
}

/** A part of one list that one shard reads: a resource in a namespace (or cluster-wide), or a range of it. */
export interface Slice {
  readonly resource: SliceResource;
  /** Absent for cluster-scoped resources. */
  readonly namespace?: string;
  /** Continue token that begins the range; absent: from the start. */
  readonly from?: string;
  /** What comes up to and including this one is passed over: it is done already. */
  readonly after?: string;
  /** The list is in no order of names: its objects are told by where they stand. */
  readonly unsorted?: true;
  /** The last name of the range; absent: to the end. */
  readonly to?: string;
  /** Only these; absent: all. */
  readonly names?: readonly string[];
  /** Targets that the planner counted in it. */
  readonly targets: number;
  /** The same by policy: a target in the scope of two counts for each. */
  readonly policies: Readonly<Record<string, number>>;
}

/** What one pod works through: one index of an Indexed Job. */
export interface Shard {
  readonly slices: readonly Slice[];
  /** Objects a page; halved when a shard ran out of memory. */
  readonly pageSize: number;
}

/** Targets of a shard, as planned. */
export const shardTargets = ({ slices }: Shard): number => slices.reduce((sum, { targets }) => sum + targets, 0);

/** The same by policy. */
export function policyTargets({ slices }: Shard): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { policies } of slices) for (const [policy, count] of Object.entries(policies)) counts[policy] = (counts[policy] ?? 0) + count;
  return counts;
}

/** Two shards of about half the work each, or the same one in smaller pages where it cannot be divided. */
export function splitShard(shard: Shard): Shard[] {
  const pageSize = Math.max(10, Math.floor(shard.pageSize / 2));
  if (shard.slices.length < 2) return [{ ...shard, pageSize }];
  const middle = shard.slices.length >>> 1;
  return [shard.slices.slice(0, middle), shard.slices.slice(middle)].map((slices) => ({ slices, pageSize }));
}
