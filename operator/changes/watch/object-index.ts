import { hash } from 'node:crypto';
import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { controllerOf, groupKindOf, type KubernetesObject } from '../../engine/objects/kubernetes-object.ts';
import { isWorkloadKind } from '../../engine/objects/workload-kind.ts';

/** The controller of an object, if it is a kind with a pod template. It is in the same namespace. */
export interface WorkloadOwner {
  /** `Kind` or `Kind.group`. */
  readonly groupKind: string;
  readonly name: string;
}

/** The index entry of a watched object: enough to detect a change and to find its owner. */
export interface IndexEntry {
  /** The same for two states between which no check can differ. */
  readonly mark: number;
  readonly controller?: WorkloadOwner;
  /** Only for a RoleBinding: the other namespaces of its subjects; `''` for all accounts. */
  readonly subjectNamespaces?: readonly string[];
  /** Only for a Namespace: its labels, by which scopes select it. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Annotations that change all the time and that no check reads. */
const volatileAnnotations: ReadonlySet<string> = new Set([
  'control-plane.alpha.kubernetes.io/leader',
  'endpoints.kubernetes.io/last-change-trigger-time',
  'deployment.kubernetes.io/revision',
]);

/**
 * A number that changes if a verdict could change: generation, labels, annotations, owners and deletion. For kinds without a generation
 * (ConfigMaps, roles) it changes with every write.
 */
export function objectMark({ metadata }: KubeObject): number {
  const { generation, labels, annotations = {}, ownerReferences, deletionTimestamp, resourceVersion } = metadata;
  const kept = Object.entries(annotations).filter(([name]) => !volatileAnnotations.has(name));
  const state = generation === undefined ? resourceVersion : generation;
  const text = JSON.stringify([state, labels, kept, ownerReferences, deletionTimestamp]);
  // V8 stores a 32-bit number without an object. Two states of an object have the same mark once in four billion times; then a scan finds
  // the change.
  return hash('sha256', text, 'buffer').readInt32BE(0);
}

/** The entry of an object. Metadata is enough for most kinds: see {@link needsSubjects}. */
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

/** Whether objects of this kind need more than metadata, because checks in other namespaces read their subjects. */
export const needsSubjects = ({ group, kind }: Pick<ApiResource, 'group' | 'kind'>): boolean =>
  group === 'rbac.authorization.k8s.io' && kind === 'RoleBinding';

/** The other namespaces of the ServiceAccounts that a RoleBinding names, one by one or by group; `''` for all accounts. */
function subjectNamespacesOf(object: KubeObject): readonly string[] {
  const { subjects } = object as { readonly subjects?: unknown };
  const named = Array.isArray(subjects) ? subjects.map(homeOfSubject) : [];
  return [...new Set(named)].filter((home) => home !== undefined && home !== object.metadata.namespace) as string[];
}

/** The namespace of the ServiceAccounts of a subject; `''` for all namespaces; undefined for none, and for the namespace of the binding. */
function homeOfSubject(subject: unknown): string | undefined {
  const { kind, name, namespace } = (subject ?? {}) as Readonly<Record<string, unknown>>;
  const read = homes[String(kind)];
  const text = kind === 'ServiceAccount' ? namespace : name;
  return typeof text === 'string' ? read?.(text) : undefined;
}

/** By kind of subject: the namespace from the subject's name, or from its namespace. */
const homes: Readonly<Record<string, (text: string) => string | undefined>> = {
  ServiceAccount: (namespace) => (namespace === '' ? undefined : namespace),
  User: (name) => /^system:serviceaccount:([^:]+):/.exec(name)?.[1],
  Group: (name) =>
    name === 'system:authenticated' || name === 'system:serviceaccounts' ? '' : /^system:serviceaccounts:(.+)/.exec(name)?.[1],
};

/** An entry as stored: for most objects only the mark. */
type Kept = number | IndexEntry;

const entryFrom = (kept: Kept): IndexEntry => (typeof kept === 'number' ? { mark: kept } : kept);

/** The watched objects of one resource, by namespace (empty for cluster-scoped objects) and name. The objects themselves are not kept. */
export class ObjectIndex {
  #namespaces = new Map<string, Map<string, Kept>>();
  /** The last owner: successive pods of one owner share the object. */
  #lastController: WorkloadOwner | undefined;
  #size = 0;

  /** The number of objects. */
  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): IndexEntry | undefined {
    const kept = this.#namespaces.get(namespace)?.get(name);
    return kept === undefined ? undefined : entryFrom(kept);
  }

  /** Whether an object is known. */
  has(namespace: string, name: string): boolean {
    return this.#namespaces.get(namespace)?.has(name) ?? false;
  }

  /** Swaps the entries of two indexes. */
  swap(other: ObjectIndex): void {
    [this.#namespaces, other.#namespaces] = [other.#namespaces, this.#namespaces];
    [this.#size, other.#size] = [other.#size, this.#size];
  }

  /** The namespaces with objects. */
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

  /** Stores an entry. Returns the previous one. */
  set(namespace: string, name: string, entry: IndexEntry): IndexEntry | undefined {
    const names = this.#namespaces.get(namespace) ?? new Map<string, Kept>();
    if (names.size === 0) this.#namespaces.set(namespace, names);
    const before = names.get(name);
    if (before === undefined) this.#size++;
    names.set(name, this.#kept(entry));
    return before === undefined ? undefined : entryFrom(before);
  }

  /** Removes an object. Returns its entry. */
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
