import { WHOLE_CLUSTER, type Shard, type Slice, type SliceResource } from '../../worker/shard.ts';

/** Objects per page. A shard that ran out of memory gets smaller pages. */
export const PAGE_SIZE = 500;

/** The number of targets of one resource in one namespace. `ranges`: the parts, if there are too many for one shard. */
export interface Count {
  readonly resource: SliceResource;
  readonly namespace?: string;
  /** The list is not sorted by name: it is never divided. */
  readonly unsorted?: true;
  readonly targets: number;
  readonly policies: Readonly<Record<string, number>>;
  readonly ranges?: readonly Omit<Slice, 'resource' | 'namespace'>[];
}

/** The size of shards. */
export interface PackOptions {
  /** The most targets in a shard. */
  readonly shardTargets: number;
  /** The number of pods that may run at the same time. Small scans are spread over them. */
  readonly parallelism: number;
}

/**
 * The least number of targets that is worth a pod. The evaluation of 500 pods takes less processor time than the start of a container with its
 * process.
 */
const worthAPod = 500;

/**
 * Packs counted targets into shards of similar size. A namespace is kept in one shard if it fits, so that the context of its targets is
 * read once. Deterministic: the same counts give the same shards.
 */
export function packShards(counts: readonly Count[], { shardTargets, parallelism }: PackOptions): Shard[] {
  const total = counts.reduce((sum, { targets }) => sum + targets, 0);
  const capacity = Math.min(shardTargets, Math.max(Math.ceil(total / parallelism), worthAPod));
  const shards: Slice[][] = [];
  let room = 0;
  const put = (slices: readonly Slice[]): void => {
    const weight = slices.reduce((sum, { targets }) => sum + targets, 0);
    if (shards.length === 0 || weight > room) {
      shards.push([]);
      room = capacity;
    }
    shards.at(-1)?.push(...slices);
    room -= weight;
  };
  for (const slices of byNamespace(counts)) {
    const weight = slices.reduce((sum, { targets }) => sum + targets, 0);
    if (weight <= capacity) put(slices);
    else for (const slice of slices) put([slice]);
  }
  return shards.map((slices) => ({ slices, pageSize: PAGE_SIZE }));
}

/** The slices of each namespace, sorted by name; cluster-scoped ones come first. */
function byNamespace(counts: readonly Count[]): Slice[][] {
  const groups = new Map<string, Slice[]>();
  const ordered = counts
    .filter(({ targets }) => targets > 0)
    .toSorted((a, b) => compare(a.namespace ?? '', b.namespace ?? '') || placeOf(a.resource) - placeOf(b.resource));
  for (const { ranges, targets, policies, ...place } of ordered) {
    const { namespace } = place;
    const slices = ranges?.map((range) => ({ ...place, ...range })) ?? [{ ...place, targets, policies }];
    const group = groups.get(namespace ?? '');
    if (group) group.push(...slices);
    else groups.set(namespace ?? '', slices);
  }
  return [...groups.values()];
}

/** The whole-cluster target comes first. */
const placeOf = (resource: SliceResource): number => (resource === WHOLE_CLUSTER ? -1 : resource);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
