/** An inventory to take, on a node that has the image if one is known. */
export interface PlacedInventory {
  readonly key: string;
  readonly node?: string;
}

/** The inputs of {@link placeInventories}. */
export interface PlacementInput {
  /** The nodes of the running inventory Jobs, one item for each Job. */
  readonly busyNodes: readonly string[];
  /** The number of further Jobs that may start. */
  readonly capacity: number;
  /** The maximum number of inventory Jobs on one node. */
  readonly perNode: number;
}

/**
 * Selects the images to scan now, in their order. Each goes to the least busy node that has it, or to any node if none is known. An image
 * whose nodes are all busy waits, and later images go first: a Job on a busy node would share it, and one elsewhere would pull the image.
 */
export function placeInventories(
  images: Iterable<readonly [key: string, image: { readonly nodes: readonly string[] }]>,
  { busyNodes, capacity, perNode }: PlacementInput,
): PlacedInventory[] {
  const load = new Map<string, number>();
  const take = (node: string): unknown => load.set(node, loadOf(node) + 1);
  const loadOf = (node: string): number => load.get(node) ?? 0;
  busyNodes.forEach(take);
  const placed: PlacedInventory[] = [];
  for (const [key, { nodes }] of images) {
    if (placed.length >= capacity) break;
    const [node] = nodes.filter((each) => loadOf(each) < perNode).toSorted((a, b) => loadOf(a) - loadOf(b));
    if (nodes.length > 0 && node === undefined) continue;
    if (node !== undefined) take(node);
    placed.push({ key, ...(node === undefined ? {} : { node }) });
  }
  return placed;
}
