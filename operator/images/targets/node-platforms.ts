import type { KubeObject } from '../../api/metadata.ts';

/** The platforms of the nodes, such as `linux/amd64`, from the labels that every kubelet sets. */
export class NodePlatforms {
  readonly #byNode = new Map<string, string>();

  /** Adds a node. Only its metadata is used. */
  add({ metadata: { name, labels = {} } }: KubeObject): void {
    const [system, architecture] = [labels['kubernetes.io/os'], labels['kubernetes.io/arch']];
    if (system !== undefined && architecture !== undefined) this.#byNode.set(name, `${system}/${architecture}`);
  }

  /**
   * Returns the platform of a node. For an unknown node, returns the platform of the cluster if it has only one, and undefined otherwise.
   */
  of(node: string | undefined): string | undefined {
    const [only, ...more] = this.all();
    return (node === undefined ? undefined : this.#byNode.get(node)) ?? (more.length === 0 ? only : undefined);
  }

  /** All platforms of the cluster. */
  all(): ReadonlySet<string> {
    return new Set(this.#byNode.values());
  }
}
