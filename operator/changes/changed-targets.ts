import type { ApiResource } from '../api/api-resource.ts';
import { DeferredTargets } from './deferred-targets.ts';

/** Targets to evaluate again: those of one namespace, or the cluster-scoped ones if the namespace is empty. */
export interface ChangeBatch {
  readonly namespace: string;
  readonly targets: ReadonlyMap<ApiResource, ReadonlySet<string>>;
  /** Whether the cluster as a whole is one of the targets. */
  readonly wholeCluster: boolean;
}

/** The waiting targets of one namespace. */
export class WaitingTargets {
  readonly targets = new Map<ApiResource, Set<string>>();
  /** Kinds of which every object is a target. */
  readonly kinds = new Set<ApiResource>();
  wholeCluster = false;

  /** The number of entries. */
  get size(): number {
    return [...this.targets.values()].reduce((sum, names) => sum + names.size, this.kinds.size);
  }
}

/**
 * The changed targets by namespace, without duplicates. The number of entries is bounded: past the limit, whole namespaces become {@link
 * DeferredTargets} and single targets are forgotten. No target is dropped otherwise.
 */
export class ChangedTargets {
  /** Targets that are too many to evaluate one by one. */
  readonly deferred = new DeferredTargets();
  readonly #most: number;
  readonly #waiting = new Map<string, WaitingTargets>();
  #size = 0;

  /** `most`: the most entries that are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds one target. */
  add(namespace: string, resource: ApiResource, name: string): void {
    const { targets } = this.#at(namespace);
    const names = targets.get(resource) ?? new Set<string>();
    targets.set(resource, names);
    this.#put(names, name);
  }

  /** Adds every object of a kind. */
  addKind(namespace: string, resource: ApiResource): void {
    this.#put(this.#at(namespace).kinds, resource);
  }

  /** Adds the cluster as a whole. */
  addWholeCluster(): void {
    this.#at('').wholeCluster = true;
  }

  /** Adds the targets of a batch. */
  addBatch({ namespace, targets, wholeCluster }: ChangeBatch): void {
    for (const [resource, names] of targets) for (const name of names) this.add(namespace, resource, name);
    if (wholeCluster) this.addWholeCluster();
  }

  /** Adds the targets of another instance. */
  merge(other: ChangedTargets): void {
    this.deferred.merge(other.deferred);
    for (const [namespace, { targets, kinds, wholeCluster }] of other.#waiting) {
      this.addBatch({ namespace, targets, wholeCluster });
      for (const resource of kinds) this.addKind(namespace, resource);
    }
  }

  /** The namespaces with waiting targets. */
  get namespaces(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** The waiting targets by namespace. */
  entries(): Iterable<readonly [namespace: string, waiting: WaitingTargets]> {
    return this.#waiting.entries();
  }

  /** Removes and returns the waiting targets of a namespace; undefined if there are none. */
  take(namespace: string): WaitingTargets | undefined {
    const waiting = this.#waiting.get(namespace);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(namespace);
    this.#size -= waiting.size;
    return waiting;
  }

  /** Defers all waiting targets. */
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
