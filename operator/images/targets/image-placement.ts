/** An inventory to be taken, near the image where a node is known that has it. */
export interface PlacedInventory {
  readonly key: string;
  readonly node?: string;
}

/** What placing inventories needs to know. */
export interface PlacementInput {
  /** The nodes that Jobs for inventories are at work on, each as often as there are Jobs. */
  readonly busyNodes: readonly string[];
  /** Jobs that may run beside those that do. */
  readonly capacity: number;
  /** The most that may be at work on a node at once. */
  readonly perNode: number;
}

/**
 * Which of these images are looked into now, in their order, each on the least busy of the nodes that have it (anywhere, where none is known). One whose nodes are all busy waits
 * for one of them and lets others go first: a Job there would only share the node, and one elsewhere would pull the image.
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
