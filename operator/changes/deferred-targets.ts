/** The most namespaces that a change Scan names; with more, it covers the whole cluster. */
const mostNamespaces = 200;

/**
 * The targets that are left to a Scan because too many changed: some namespaces, or the whole cluster. Cluster-scoped objects are only
 * covered by a Scan of the whole cluster.
 */
export class DeferredTargets {
  #everything = false;
  readonly #namespaces = new Set<string>();

  /** Adds a namespace; the empty name stands for cluster-scoped objects. */
  add(namespace: string): void {
    this.#namespaces.add(namespace);
    if (namespace === '' || this.#namespaces.size > mostNamespaces) this.#all();
  }

  /** Adds the targets of another instance. */
  merge(other: DeferredTargets): void {
    if (other.#everything) this.#all();
    else for (const namespace of other.#namespaces) this.add(namespace);
  }

  get isEmpty(): boolean {
    return !this.#everything && this.#namespaces.size === 0;
  }

  /** The namespaces to scan, sorted; undefined for the whole cluster. */
  get namespaces(): readonly string[] | undefined {
    return this.#everything ? undefined : [...this.#namespaces].toSorted();
  }

  /** Removes and returns all targets. */
  take(): DeferredTargets {
    const taken = new DeferredTargets();
    taken.merge(this);
    this.#everything = false;
    this.#namespaces.clear();
    return taken;
  }

  #all(): void {
    this.#everything = true;
    this.#namespaces.clear();
  }
}
