import type { KubeObject } from '../../api/metadata.ts';

/** What images the nodes of a cluster run, by the labels that every kubelet sets: `linux/amd64`. */
export class NodePlatforms {
  readonly #byNode = new Map<string, string>();

  /** Takes a node, of which metadata is enough. */
  add({ metadata: { name, labels = {} } }: KubeObject): void {
    const [system, architecture] = [labels['kubernetes.io/os'], labels['kubernetes.io/arch']];
    if (system !== undefined && architecture !== undefined) this.#byNode.set(name, `${system}/${architecture}`);
  }

  /** The platform of a node; of one that is gone, or that no pod's status names, the cluster's only one. Undefined where that says nothing. */
  of(node: string | undefined): string | undefined {
    const [only, ...more] = this.all();
    return (node === undefined ? undefined : this.#byNode.get(node)) ?? (more.length === 0 ? only : undefined);
  }

  /** Every platform of the cluster. */
  all(): ReadonlySet<string> {
    return new Set(this.#byNode.values());
  }
}
