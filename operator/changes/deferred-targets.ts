/** The most namespaces that a Scan names; beyond, it looks everywhere. */
const mostNamespaces = 200;

/**
 * What only a Scan can judge, because so much changed there: some namespaces, or everything. Objects outside of namespaces are part of a
 * Scan that looks everywhere only.
 */
export class DeferredTargets {
  #everything = false;
  readonly #namespaces = new Set<string>();

  /** A namespace has to be scanned; the empty one stands for what lies outside of all. */
  add(namespace: string): void {
    if (this.#everything) return;
    this.#namespaces.add(namespace);
    if (namespace === '' || this.#namespaces.size > mostNamespaces) this.#all();
  }

  /** Takes over what another one has. */
  merge(other: DeferredTargets): void {
    if (other.#everything) this.#all();
    else for (const namespace of other.#namespaces) this.add(namespace);
  }

  get isEmpty(): boolean {
    return !this.#everything && this.#namespaces.size === 0;
  }

  /** The namespaces to scan, sorted; undefined for everything. */
  get namespaces(): readonly string[] | undefined {
    return this.#everything ? undefined : [...this.#namespaces].toSorted();
  }

  /** Hands over all of it, and is empty. */
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
