import type { ApiResource } from '../api/api-resource.ts';
import { DeferredTargets } from './deferred-targets.ts';

/** Targets to judge again: those of one namespace, or those outside of all (the namespace is empty). */
export interface ChangeBatch {
  readonly namespace: string;
  readonly targets: ReadonlyMap<ApiResource, ReadonlySet<string>>;
  /** The cluster as a whole is one of them. */
  readonly wholeCluster: boolean;
}

/** What waits in one namespace. */
export class WaitingTargets {
  readonly targets = new Map<ApiResource, Set<string>>();
  /** Every object of these. */
  readonly kinds = new Set<ApiResource>();
  wholeCluster = false;

  /** How many entries it holds. */
  get size(): number {
    return [...this.targets.values()].reduce((sum, names) => sum + names.size, this.kinds.size);
  }
}

/**
 * Targets by namespace, each once however often it changed. Holds a bounded number of entries: past it, the namespaces become a
 * {@link DeferredTargets}, and what was known of single targets is forgotten. Nothing that was put in is ever dropped otherwise.
 */
export class ChangedTargets {
  /** What is too much to be judged one by one. */
  readonly deferred = new DeferredTargets();
  readonly #most: number;
  readonly #waiting = new Map<string, WaitingTargets>();
  #size = 0;

  /** Holds so many entries at most. */
  constructor(most: number) {
    this.#most = most;
  }

  /** One target. */
  add(namespace: string, resource: ApiResource, name: string): void {
    const { targets } = this.#at(namespace);
    const names = targets.get(resource) ?? new Set<string>();
    targets.set(resource, names);
    this.#put(names, name);
  }

  /** Every object of a kind. */
  addKind(namespace: string, resource: ApiResource): void {
    this.#put(this.#at(namespace).kinds, resource);
  }

  /** The cluster as a whole. */
  addWholeCluster(): void {
    this.#at('').wholeCluster = true;
  }

  /** Everything in a batch. */
  addBatch({ namespace, targets, wholeCluster }: ChangeBatch): void {
    for (const [resource, names] of targets) for (const name of names) this.add(namespace, resource, name);
    if (wholeCluster) this.addWholeCluster();
  }

  /** Everything in another one. */
  merge(other: ChangedTargets): void {
    this.deferred.merge(other.deferred);
    for (const [namespace, { targets, kinds, wholeCluster }] of other.#waiting) {
      this.addBatch({ namespace, targets, wholeCluster });
      for (const resource of kinds) this.addKind(namespace, resource);
    }
  }

  /** The namespaces in which single targets wait. */
  get namespaces(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** What waits, by namespace. */
  entries(): Iterable<readonly [namespace: string, waiting: WaitingTargets]> {
    return this.#waiting.entries();
  }

  /** Hands over what waits in a namespace; undefined when nothing does. */
  take(namespace: string): WaitingTargets | undefined {
    const waiting = this.#waiting.get(namespace);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(namespace);
    this.#size -= waiting.size;
    return waiting;
  }

  /** Makes all that waits a debt. */
  collapse(): void {
    for (const namespace of this.#waiting.keys()) this.deferred.add(namespace);
    this.#waiting.clear();
    this.#size = 0;
  }

  #at(namespace: string): WaitingTargets {
    const known = this.#waiting.get(namespace) ?? new WaitingTargets();
    this.#waiting.set(namespace, known);
    return known;
  }

  #put<T>(entries: Set<T>, entry: T): void {
    if (entries.has(entry)) return;
    entries.add(entry);
    if (++this.#size > this.#most) this.collapse();
  }
}
