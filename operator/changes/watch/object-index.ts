import { hash } from 'node:crypto';
import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { controllerOf, groupKindOf, type KubernetesObject } from '../../engine/objects/kubernetes-object.ts';
import { isWorkloadKind } from '../../engine/objects/workload-kind.ts';

/** The pod-bearing controller of an object; it lies in the same namespace. */
export interface WorkloadOwner {
  /** `Kind` or `Kind.group`. */
  readonly groupKind: string;
  readonly name: string;
}

/** What is remembered of an object that is watched: enough to see that it changed, and whose it is. */
export interface IndexEntry {
  /** The same for two states that no check can tell apart. */
  readonly mark: number;
  readonly controller?: WorkloadOwner;
  /** Of a RoleBinding only: the other namespaces whose accounts it names; `''` for all accounts. */
  readonly subjectNamespaces?: readonly string[];
  /** Of a Namespace only: scopes ask for them. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Annotations that are written over and over and that no check reads. */
const volatileAnnotations: ReadonlySet<string> = new Set([
  'control-plane.alpha.kubernetes.io/leader',
  'endpoints.kubernetes.io/last-change-trigger-time',
  'deployment.kubernetes.io/revision',
]);

/**
 * A number that differs when a check could judge differently: generation, labels, annotations, owners and deletion. Kinds without
 * a generation (ConfigMaps, roles) are taken to differ with every write.
 */
export function objectMark({ metadata }: KubeObject): number {
  const { generation, labels, annotations = {}, ownerReferences, deletionTimestamp, resourceVersion } = metadata;
  const kept = Object.entries(annotations).filter(([name]) => !volatileAnnotations.has(name));
  const state = generation === undefined ? resourceVersion : generation;
  const text = JSON.stringify([state, labels, kept, ownerReferences, deletionTimestamp]);
  // 32 bits: V8 keeps such a number without an object for it. That two states of one object have the same is one in four milliards, and then a
  // scan finds it.
  return hash('sha256', text, 'buffer').readInt32BE(0);
}

/** The entry of an object of which only metadata need be known. */
export function indexEntry(object: KubeObject): IndexEntry {
  const owner = controllerOf(object as unknown as KubernetesObject);
  const groupKind = owner === undefined ? '' : groupKindOf(owner as unknown as KubernetesObject);
  const controller = owner !== undefined && isWorkloadKind(groupKind) ? { controller: { groupKind, name: owner.name } } : {};
  const isNamespace = object.kind === 'Namespace' && object.apiVersion === 'v1';
  const reaches = subjectNamespacesOf(object);
  return {
    mark: objectMark(object),
    ...controller,
    ...(reaches.length > 0 ? { subjectNamespaces: reaches } : {}),
    ...(isNamespace ? { labels: object.metadata.labels ?? {} } : {}),
  };
}

/** Whether the checks of other namespaces' objects may read an object of this kind: then more than its metadata is needed. */
export const needsSubjects = ({ group, kind }: Pick<ApiResource, 'group' | 'kind'>): boolean =>
  group === 'rbac.authorization.k8s.io' && kind === 'RoleBinding';

/** The other namespaces whose accounts a RoleBinding names, by themselves or by a group they are in; `''` for all accounts. */
function subjectNamespacesOf(object: KubeObject): readonly string[] {
  const { subjects } = object as { readonly subjects?: unknown };
  const named = Array.isArray(subjects) ? subjects.map(homeOfSubject) : [];
  return [...new Set(named)].filter((home) => home !== undefined && home !== object.metadata.namespace) as string[];
}

/** The namespace of the accounts that a subject stands for; `''`: those of all; undefined: of none, or of the binding's own. */
function homeOfSubject(subject: unknown): string | undefined {
  const { kind, name, namespace } = (subject ?? {}) as Readonly<Record<string, unknown>>;
  const read = homes[String(kind)];
  const text = kind === 'ServiceAccount' ? namespace : name;
  return typeof text === 'string' ? read?.(text) : undefined;
}

/** By the kind of a subject, the namespace out of its name, or out of its namespace's. */
const homes: Readonly<Record<string, (text: string) => string | undefined>> = {
  ServiceAccount: (namespace) => (namespace === '' ? undefined : namespace),
  User: (name) => /^system:serviceaccount:([^:]+):/.exec(name)?.[1],
  Group: (name) =>
    name === 'system:authenticated' || name === 'system:serviceaccounts' ? '' : /^system:serviceaccounts:(.+)$/.exec(name)?.[1],
};

/** An entry as it is kept: of most objects, only the mark. */
type Kept = number | IndexEntry;

const entryFrom = (kept: Kept): IndexEntry => (typeof kept === 'number' ? { mark: kept } : kept);

/** What is watched of one resource: by namespace (empty for what lies outside of all) and name, never the objects themselves. */
export class ObjectIndex {
  #namespaces = new Map<string, Map<string, Kept>>();
  /** Pods of one owner come one after the other, and share it. */
  #lastController: WorkloadOwner | undefined;
  #size = 0;

  /** How many objects it knows. */
  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): IndexEntry | undefined {
    const kept = this.#namespaces.get(namespace)?.get(name);
    return kept === undefined ? undefined : entryFrom(kept);
  }

  /** Whether it knows an object. */
  has(namespace: string, name: string): boolean {
    return this.#namespaces.get(namespace)?.has(name) ?? false;
  }

  /** Gives another all that it knows, for all that the other knows. */
  swap(other: ObjectIndex): void {
    [this.#namespaces, other.#namespaces] = [other.#namespaces, this.#namespaces];
    [this.#size, other.#size] = [other.#size, this.#size];
  }

  /** The namespaces in which it knows an object. */
  get namespaces(): Iterable<string> {
    return this.#namespaces.keys();
  }

  /** The objects of a namespace by name. */
  *in(namespace: string): Generator<readonly [name: string, entry: IndexEntry]> {
    for (const [name, kept] of this.#namespaces.get(namespace) ?? []) yield [name, entryFrom(kept)];
  }

  /** Every object. */
  *all(): Generator<readonly [namespace: string, name: string, entry: IndexEntry]> {
    for (const [namespace, names] of this.#namespaces) for (const [name, kept] of names) yield [namespace, name, entryFrom(kept)];
  }

  /** Takes an entry in. Returns the one before. */
  set(namespace: string, name: string, entry: IndexEntry): IndexEntry | undefined {
    const names = this.#namespaces.get(namespace) ?? new Map<string, Kept>();
    if (names.size === 0) this.#namespaces.set(namespace, names);
    const before = names.get(name);
    if (before === undefined) this.#size++;
    names.set(name, this.#kept(entry));
    return before === undefined ? undefined : entryFrom(before);
  }

  /** Forgets an object. Returns what was known of it. */
  delete(namespace: string, name: string): IndexEntry | undefined {
    const names = this.#namespaces.get(namespace);
    const before = names?.get(name);
    if (names === undefined || before === undefined) return undefined;
    names.delete(name);
    this.#size--;
    if (names.size === 0) this.#namespaces.delete(namespace);
    return entryFrom(before);
  }

  #kept(entry: IndexEntry): Kept {
    const { controller, labels, subjectNamespaces: reaches, mark } = entry;
    if (controller === undefined) return labels === undefined && reaches === undefined ? mark : entry;
    const last = this.#lastController;
    if (last?.name !== controller.name || last.groupKind !== controller.groupKind) this.#lastController = controller;
    return { ...entry, controller: this.#lastController ?? controller };
  }
}
