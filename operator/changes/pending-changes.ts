import type { ApiResource } from '../api/api-resource.ts';
import { ChangedTargets, type ChangeBatch, type WaitingTargets } from './changed-targets.ts';
import type { DeferredTargets } from './deferred-targets.ts';
import { bareNamespace, type PolicySet } from '../engine/policy-set.ts';
export type { ChangeBatch } from './changed-targets.ts';
import type { ObjectChange } from './watch/change-feed.ts';
import type { IndexEntry, ObjectIndex } from './watch/object-index.ts';

/** The policies and the watched objects by which changes are mapped to targets. */
export interface ChangeScope {
  readonly set: PolicySet;
  /** The index of each watched resource. */
  readonly indexes: ReadonlyMap<ApiResource, ObjectIndex>;
}

const isNamespace = ({ group, kind }: ApiResource): boolean => group === '' && kind === 'Namespace';
const kindOf = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);
const outside = '';

/** The namespaces from which an object may be read, before and after the change. */
const placesOf = ({ namespace, before, after }: ObjectChange): ReadonlySet<string> =>
  new Set([namespace, ...(before?.subjectNamespaces ?? []), ...(after?.subjectNamespaces ?? [])]);

/**
 * Maps a change to the targets whose verdicts it may change: the object itself or the workload that owns it, and the objects whose checks
 * read it. Targets are kept without duplicates. Past a limit, they are deferred to a Scan.
 */
export class PendingChanges {
  #scope: ChangeScope;
  #byKind: ReadonlyMap<string, ApiResource> = new Map();
  #targets: ReadonlySet<ApiResource> = new Set();
  readonly #dependents = new Map<ApiResource, readonly (ApiResource | undefined)[]>();
  readonly #across = new Map<ApiResource, ReadonlySet<string>>();
  readonly #waiting: ChangedTargets;

  /** `most`: the most entries that are kept one by one. */
  constructor(scope: ChangeScope, most = Number.POSITIVE_INFINITY) {
    this.#scope = scope;
    this.#waiting = new ChangedTargets(most);
    this.setScope(scope);
  }

  /** Sets the policies and the watched resources. Waiting targets are kept. */
  setScope(scope: ChangeScope): void {
    this.#scope = scope;
    this.#targets = new Set([...scope.indexes.keys()].filter((resource) => scope.set.targets.includes(resource)));
    this.#byKind = new Map([...scope.indexes.keys()].map((resource) => [kindOf(resource), resource]));
    this.#dependents.clear();
    this.#across.clear();
  }

  /** Adds the targets of a change. Returns the namespaces with waiting targets because of it. */
  add(change: ObjectChange): readonly string[] {
    const { resource, namespace, name, before, after } = change;
    const top = this.#topOf(resource, namespace, name, after ?? before);
    const touched = new Set(this.#own(top.resource, namespace, top.name));
    // Checks read the owner of a pod, not the pod: only a change of the owner counts.
    if (top.resource === resource && top.name === name)
      for (const place of placesOf(change)) for (const at of this.#others(resource, place)) touched.add(at);
    if (isNamespace(resource) && before !== undefined && after !== undefined) touched.add(this.#whole(name));
    return [...touched];
  }

  /** Adds the objects whose checks read a cluster-scoped resource, although none of its objects changed. Returns their namespaces. */
  addReaders(resource: ApiResource): readonly string[] {
    return this.#others(resource, outside);
  }

  /**
   * Adds the object of a report that another writer changed. It is added also if no policy evaluates it: then the evaluation withdraws the
   * report, which may be forged. Returns its namespace.
   */
  addReported(resource: ApiResource, namespace: string, name: string): readonly string[] {
    this.#waiting.add(namespace, resource, name);
    return [namespace];
  }

  /** The number of waiting targets. */
  get size(): number {
    return this.#counts().reduce((sum, count) => sum + count, 0);
  }

  /** Whether more targets wait than the limit. It stops counting at the limit, since it is called often. */
  exceeds(limit: number): boolean {
    let size = 0;
    return this.#counts().some((count) => (size += count) > limit);
  }

  /** The namespaces with waiting targets. */
  get namespaces(): readonly string[] {
    return this.#waiting.namespaces;
  }

  /** Targets that are too many to evaluate one by one: a Scan evaluates them. */
  get deferred(): DeferredTargets {
    return this.#waiting.deferred;
  }

  /** Removes and returns the waiting targets of a namespace; undefined if there are none. */
  take(namespace: string): ChangeBatch | undefined {
    const waiting = this.#waiting.take(namespace);
    return waiting && { namespace, targets: this.#expanded(namespace, waiting), wholeCluster: waiting.wholeCluster };
  }

  /** Puts a batch back after its evaluation failed. */
  restore(batch: ChangeBatch): void {
    this.#waiting.addBatch(batch);
  }

  /** Adds targets that have to be evaluated again. */
  merge(targets: ChangedTargets): void {
    this.#waiting.merge(targets);
  }

  /** Defers all waiting targets to a Scan. */
  collapse(): void {
    this.#waiting.collapse();
  }

  #own(resource: ApiResource, namespace: string, name: string): readonly string[] {
    if (!this.#targets.has(resource) || !this.#inScope(namespace)) return [];
    this.#waiting.add(namespace, resource, name);
    return [namespace];
  }

  /** The topmost known owner with a pod template, or the object itself. */
  #topOf(
    resource: ApiResource,
    namespace: string,
    name: string,
    entry: IndexEntry | undefined,
  ): { readonly resource: ApiResource; readonly name: string } {
    let top = { resource, name };
    const seen = new Set<string>();
    for (let owner = entry?.controller; owner !== undefined && !seen.has(`${owner.groupKind}/${owner.name}`);) {
      seen.add(`${owner.groupKind}/${owner.name}`);
      const above = this.#byKind.get(owner.groupKind);
      if (above === undefined) return top;
      top = { resource: above, name: owner.name };
      owner = this.#scope.indexes.get(above)?.get(namespace, owner.name)?.controller;
    }
    return top;
  }

  /** Adds the objects whose checks read a resource in a namespace. */
  #others(resource: ApiResource, namespace: string): readonly string[] {
    const touched: string[] = [];
    for (const dependent of this.#dependentsOf(resource)) {
      if (dependent === undefined) this.#waiting.addWholeCluster();
      else if (namespace !== outside && isNamespace(dependent)) this.#waiting.add(outside, dependent, namespace);
      else if (!dependent.namespaced) this.#waiting.addKind(outside, dependent);
      else {
        for (const place of this.#placesOf(dependent, namespace)) {
          this.#waiting.addKind(place, dependent);
          touched.push(place);
        }
        touched.push(...this.#elsewhere(resource, namespace, dependent));
        continue;
      }
      touched.push(outside);
    }
    return touched;
  }

  /**
   * Adds the objects of a kind in other namespaces that name accounts of a namespace, if checks about them read this resource there: a
   * RoleBinding may name a ServiceAccount of another namespace. Returns their namespaces.
   */
  #elsewhere(resource: ApiResource, namespace: string, dependent: ApiResource): readonly string[] {
    const index = this.#scope.indexes.get(dependent);
    if (namespace === outside || !index || !this.#acrossOf(dependent).has(kindOf(resource))) return [];
    const places = [...index.namespaces].filter((place) => place !== namespace && this.#inScope(place));
    return places.filter((place) => {
      const names = [...index.in(place)].filter(([, { subjectNamespaces = [] }]) => subjectNamespaces.includes(namespace));
      for (const [name] of names) this.#waiting.add(place, dependent, name);
      return names.length > 0;
    });
  }

  /** The kinds that checks about a resource also read in other namespaces. */
  #acrossOf(dependent: ApiResource): ReadonlySet<string> {
    return this.#across.getOrInsertComputed(dependent, () => new Set(this.#scope.set.crossNamespaceKinds([dependent])));
  }

  /** The namespaces in which objects of a kind may read an object of a namespace: that namespace, or all for a cluster-scoped object. */
  #placesOf(dependent: ApiResource, namespace: string): Iterable<string> {
    if (namespace !== outside) return this.#inScope(namespace) ? [namespace] : [];
    const places = this.#scope.indexes.get(dependent)?.namespaces ?? [];
    return [...places].filter((place) => this.#inScope(place));
  }

  /** Whether a namespace is in the scope of any policy. An unknown namespace counts as in scope. */
  #inScope(namespace: string): boolean {
    const namespaces = this.#byKind.get('Namespace');
    const labels = namespaces && this.#scope.indexes.get(namespaces)?.get(outside, namespace)?.labels;
    if (namespace === outside || labels === undefined) return true;
    return this.#scope.set.policiesForNamespace({ name: namespace, labels: { ...bareNamespace(namespace).labels, ...labels } }).length > 0;
  }

  #dependentsOf(resource: ApiResource): readonly (ApiResource | undefined)[] {
    const known = this.#dependents.get(resource);
    if (known !== undefined) return known;
    const found = this.#scope.set.dependentsOf(resource);
    this.#dependents.set(resource, found);
    return found;
  }

  /** Adds everything in a namespace: its new labels may change which policies have it in scope. */
  #whole(namespace: string): string {
    for (const resource of this.#targets) if (resource.namespaced) this.#waiting.addKind(namespace, resource);
    return namespace;
  }

  /** Yields the number of waiting targets in parts. */
  *#counts(): Generator<number> {
    for (const [namespace, { targets, kinds }] of this.#waiting.entries()) {
      for (const names of targets.values()) yield names.size;
      for (const resource of kinds) {
        const others = this.#unowned(resource, namespace).filter((name) => !targets.get(resource)?.has(name));
        yield* others.map(() => 1);
      }
    }
  }

  /** The objects of a kind in a namespace that have no owner with a pod template. */
  *#unowned(resource: ApiResource, namespace: string): Generator<string> {
    for (const [name, { controller }] of this.#scope.indexes.get(resource)?.in(namespace) ?? [])
      if (controller === undefined || !this.#byKind.has(controller.groupKind)) yield name;
  }

  #expanded(namespace: string, { targets, kinds }: WaitingTargets): ReadonlyMap<ApiResource, ReadonlySet<string>> {
    const expanded = new Map<ApiResource, ReadonlySet<string>>(targets);
    for (const resource of kinds)
      expanded.set(resource, new Set([...(targets.get(resource) ?? []), ...this.#unowned(resource, namespace)]));
    return expanded;
  }
}
