import type { ApiResource } from '../api/api-resource.ts';
import { ChangedTargets, type ChangeBatch, type WaitingTargets } from './changed-targets.ts';
import type { DeferredTargets } from './deferred-targets.ts';
import { bareNamespace, type PolicySet } from '../engine/policy-set.ts';
export type { ChangeBatch } from './changed-targets.ts';
import type { ObjectChange } from './watch/change-feed.ts';
import type { IndexEntry, ObjectIndex } from './watch/object-index.ts';

/** What changes are measured by. */
export interface ChangeScope {
  readonly set: PolicySet;
  /** What is known of each resource that is watched. */
  readonly indexes: ReadonlyMap<ApiResource, ObjectIndex>;
}

const isNamespace = ({ group, kind }: ApiResource): boolean => group === '' && kind === 'Namespace';
const kindOf = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);
const outside = '';

/** Where an object may be read from, by what it was and what it is. */
const placesOf = ({ namespace, before, after }: ObjectChange): ReadonlySet<string> =>
  new Set([namespace, ...(before?.subjectNamespaces ?? []), ...(after?.subjectNamespaces ?? [])]);

/**
 * Which targets a change may have given another verdict: the object's own report, that of the workload which owns it, and those
 * of the objects whose checks read it. Many changes of one target come to one entry; more entries than may be become a debt to a Scan.
 */
export class PendingChanges {
  #scope: ChangeScope;
  #byKind: ReadonlyMap<string, ApiResource> = new Map();
  #targets: ReadonlySet<ApiResource> = new Set();
  readonly #dependents = new Map<ApiResource, readonly (ApiResource | undefined)[]>();
  readonly #waiting: ChangedTargets;

  /** `most`: so many entries at most are known one by one. */
  constructor(scope: ChangeScope, most = Number.POSITIVE_INFINITY) {
    this.#scope = scope;
    this.#waiting = new ChangedTargets(most);
    this.setScope(scope);
  }

  /** The policies or the watched resources changed; what waits stays. */
  setScope(scope: ChangeScope): void {
    this.#scope = scope;
    this.#targets = new Set([...scope.indexes.keys()].filter((resource) => scope.set.targets.includes(resource)));
    this.#byKind = new Map([...scope.indexes.keys()].map((resource) => [kindOf(resource), resource]));
    this.#dependents.clear();
  }

  /** Takes a change in. Returns the namespaces in which something waits because of it. */
  add(change: ObjectChange): readonly string[] {
    const { resource, namespace, name, before, after } = change;
    const top = this.#topOf(resource, namespace, name, after ?? before);
    const touched = new Set(this.#own(top.resource, namespace, top.name));
    // What a pod is to others, its owner is too: only the owner's change counts.
    if (top.resource === resource && top.name === name)
      for (const place of placesOf(change)) for (const at of this.#others(resource, place)) touched.add(at);
    if (isNamespace(resource) && before !== undefined && after !== undefined) touched.add(this.#whole(name));
    return [...touched];
  }

  /** One target by itself, such as one whose report was edited. Returns the namespace in which it waits, if it is one. */
  addTarget(resource: ApiResource, namespace: string, name: string): readonly string[] {
    return this.#own(resource, namespace, name);
  }

  /** How many targets wait in all. */
  get size(): number {
    return this.#counts().reduce((sum, count) => sum + count, 0);
  }

  /** Whether more than so many targets wait: asked again and again, so it counts no further than that. */
  exceeds(limit: number): boolean {
    let size = 0;
    return this.#counts().some((count) => (size += count) > limit);
  }

  /** The namespaces in which something waits. */
  get namespaces(): readonly string[] {
    return this.#waiting.namespaces;
  }

  /** What is too much to be judged one by one: a Scan has to look at it. */
  get deferred(): DeferredTargets {
    return this.#waiting.deferred;
  }

  /** Hands over what waits in a namespace; undefined when nothing does. */
  take(namespace: string): ChangeBatch | undefined {
    const waiting = this.#waiting.take(namespace);
    return waiting && { namespace, targets: this.#expanded(namespace, waiting), wholeCluster: waiting.wholeCluster };
  }

  /** Puts a batch back that could not be judged. */
  restore(batch: ChangeBatch): void {
    this.#waiting.addBatch(batch);
  }

  /** Takes in what has to be judged again. */
  merge(targets: ChangedTargets): void {
    this.#waiting.merge(targets);
  }

  /** Makes all that waits a debt to a Scan. */
  collapse(): void {
    this.#waiting.collapse();
  }

  #own(resource: ApiResource, namespace: string, name: string): readonly string[] {
    if (!this.#targets.has(resource) || !this.#inScope(namespace)) return [];
    this.#waiting.add(namespace, resource, name);
    return [namespace];
  }

  /** The highest pod-bearing owner that is there, or the object itself. */
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

  /** Marks what reads objects of a resource in a namespace. */
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
        continue;
      }
      touched.push(outside);
    }
    return touched;
  }

  /** Where objects of a kind may read one that lies in a namespace: there; everywhere, when it lies outside of all. */
  #placesOf(dependent: ApiResource, namespace: string): Iterable<string> {
    if (namespace !== outside) return this.#inScope(namespace) ? [namespace] : [];
    const places = this.#scope.indexes.get(dependent)?.namespaces ?? [];
    return [...places].filter((place) => this.#inScope(place));
  }

  /** Whether any policy looks into a namespace; of one that is not known yet it is taken that one does. */
  #inScope(namespace: string): boolean {
    const namespaces = this.#byKind.get('Namespace');
    const labels = namespaces && this.#scope.indexes.get(namespaces)?.get(outside, namespace)?.labels;
    if (namespace === outside || labels === undefined) return true;
    return this.#scope.set.policiesFor({ name: namespace, labels: { ...bareNamespace(namespace).labels, ...labels } }).length > 0;
  }

  #dependentsOf(resource: ApiResource): readonly (ApiResource | undefined)[] {
    const known = this.#dependents.get(resource);
    if (known !== undefined) return known;
    const found = this.#scope.set.dependentsOf(resource);
    this.#dependents.set(resource, found);
    return found;
  }

  /** Everything in a namespace: its labels may have brought it into a scope, or out of one. */
  #whole(namespace: string): string {
    for (const resource of this.#targets) if (resource.namespaced) this.#waiting.addKind(namespace, resource);
    return namespace;
  }

  /** How many targets wait, bit by bit. */
  *#counts(): Generator<number> {
    for (const [namespace, { targets, kinds }] of this.#waiting.entries()) {
      for (const names of targets.values()) yield names.size;
      for (const resource of kinds) {
        const others = this.#unowned(resource, namespace).filter((name) => !targets.get(resource)?.has(name));
        yield* others.map(() => 1);
      }
    }
  }

  /** The objects of a kind in a namespace that are judged by themselves. */
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
