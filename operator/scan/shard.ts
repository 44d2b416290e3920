/** Instead of a resource: the slice is the cluster as a whole, one target. */
export const WHOLE_CLUSTER = -1;

/** A part of one list that one shard reads: a resource in a namespace (or cluster-wide), or a range of it. */
export interface Slice {
  /** Index into the plan's resources, or {@link WHOLE_CLUSTER}. */
  readonly resource: number;
  /** Absent for cluster-scoped resources. */
  readonly namespace?: string;
  /** Continue token that begins the range; absent: from the start. */
  readonly from?: string;
  /** Names up to and including this one are passed over: they are done already. */
  readonly after?: string;
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
export function smaller(shard: Shard): Shard[] {
  const pageSize = Math.max(10, Math.floor(shard.pageSize / 2));
  if (shard.slices.length < 2) return [{ ...shard, pageSize }];
  const middle = shard.slices.length >>> 1;
  return [shard.slices.slice(0, middle), shard.slices.slice(middle)].map((slices) => ({ slices, pageSize }));
}
