import { createHash } from 'node:crypto';
import type { KubeObject } from '../api/metadata.ts';
import { controllerOf, groupKindOf, type KubernetesObject } from '../engine/kubernetes-object.ts';
import { isWorkloadKind } from '../engine/workload-kind.ts';

/** The pod-bearing controller of an object; it lies in the same namespace. */
export interface Controller {
  /** `Kind` or `Kind.group`. */
  readonly groupKind: string;
  readonly name: string;
}

/** What is remembered of an object that is watched: enough to see that it changed, and whose it is. */
export interface IndexEntry {
  /** The resourceVersion that was seen last. */
  readonly version: string;
  /** The same for two states that no check can tell apart. */
  readonly mark: number;
  readonly controller?: Controller;
  /** Of a Namespace only: scopes ask for them. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Annotations that are written over and over and that no check reads. */
const restless: ReadonlySet<string> = new Set([
  'control-plane.alpha.kubernetes.io/leader',
  'endpoints.kubernetes.io/last-change-trigger-time',
  'deployment.kubernetes.io/revision',
]);

/**
 * A number that differs when a check could judge differently: generation, labels, annotations, owners and deletion. Kinds without
 * a generation (ConfigMaps, roles) are taken to differ with every write.
 */
export function markOf({ metadata }: KubeObject): number {
  const { generation, labels, annotations = {}, ownerReferences, deletionTimestamp, resourceVersion } = metadata;
  const kept = Object.entries(annotations).filter(([name]) => !restless.has(name));
  const state = generation === undefined ? resourceVersion : generation;
  const text = JSON.stringify([state, labels, kept, ownerReferences, deletionTimestamp]);
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}

/** The entry of an object of which only metadata need be known. */
export function entryOf(object: KubeObject): IndexEntry {
  const owner = controllerOf(object as unknown as KubernetesObject);
  const groupKind = owner === undefined ? '' : groupKindOf(owner as unknown as KubernetesObject);
  const controller = owner !== undefined && isWorkloadKind(groupKind) ? { controller: { groupKind, name: owner.name } } : {};
  const { resourceVersion = '', labels = {} } = object.metadata;
  const isNamespace = object.kind === 'Namespace' && object.apiVersion === 'v1';
  return { version: resourceVersion, mark: markOf(object), ...controller, ...(isNamespace ? { labels } : {}) };
}

/** What is watched of one resource: by namespace (empty for what lies outside of all) and name, never the objects themselves. */
export class ObjectIndex {
  readonly #namespaces = new Map<string, Map<string, IndexEntry>>();
  #size = 0;

  /** How many objects it knows. */
  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): IndexEntry | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  /** The objects of a namespace by name. */
  in(namespace: string): ReadonlyMap<string, IndexEntry> {
    return this.#namespaces.get(namespace) ?? nothing;
  }

  /** Every object. */
  *all(): Generator<readonly [namespace: string, name: string, entry: IndexEntry]> {
    for (const [namespace, names] of this.#namespaces) for (const [name, entry] of names) yield [namespace, name, entry];
  }

  /** Takes an entry in. Returns the one before. */
  set(namespace: string, name: string, entry: IndexEntry): IndexEntry | undefined {
    const names = this.#namespaces.get(namespace) ?? new Map<string, IndexEntry>();
    if (names.size === 0) this.#namespaces.set(namespace, names);
    const before = names.get(name);
    if (before === undefined) this.#size++;
    names.set(name, entry);
    return before;
  }

  /** Forgets an object. Returns what was known of it. */
  delete(namespace: string, name: string): IndexEntry | undefined {
    const names = this.#namespaces.get(namespace);
    const before = names?.get(name);
    if (names === undefined || before === undefined) return undefined;
    names.delete(name);
    this.#size--;
    if (names.size === 0) this.#namespaces.delete(namespace);
    return before;
  }
}

const nothing: ReadonlyMap<string, IndexEntry> = new Map();
