import { hash } from 'node:crypto';
import type { ApiResource } from '../api/api-resource.ts';
import { GROUP } from '../api/group.ts';
import type { ObjectMeta } from '../api/metadata.ts';

/** The place of cluster-scoped objects, of Namespaces and of the cluster as a whole, in place of a namespace. */
export const CLUSTER_SCOPE = '';

/** The number of 32-bit words in a digest. */
const words = 4;
const noDigest = '0'.repeat(words * 8);

/**
 * Digests of sets of objects: one digest per kind and place, computed from the uid and resourceVersion of each object. Sets that differ
 * have different digests. The order of additions does not matter. Uses 16 bytes per set, and the names of kinds and places.
 */
export class ObjectDigests {
  readonly #slots = new Map<string, Map<string, number>>();
  /** The slots of sets with an object that lacks a uid or a resourceVersion. A change of such an object cannot be detected. */
  readonly #unproved = new Set<number>();
  #sums = new Uint32Array(64 * words);
  #size = 0;

  /**
   * Adds an object to the sets of a kind in these places. An object without uid or resourceVersion makes the digests of these sets
   * undefined.
   */
  add(kind: string, places: readonly string[], { uid = '', resourceVersion = '' }: Pick<ObjectMeta, 'uid' | 'resourceVersion'>): void {
    const bytes = hash('sha256', `${kind}\0${uid}\0${resourceVersion}`, 'buffer');
    for (const place of places) {
      const slot = this.#slotFor(kind, place);
      if (uid === '' || resourceVersion === '') this.#unproved.add(slot);
      this.#sum(slot, bytes);
    }
  }

  #sum(slot: number, bytes: Buffer): void {
    for (let word = 0; word < words; word++) {
      const at = slot * words + word;
      this.#sums[at] = (this.#sums[at] ?? 0) + bytes.readUInt32LE(word * 4);
    }
  }

  /**
   * Returns the digest of the objects of a kind in a place, in hex. An empty set has a fixed digest. Returns undefined if an object of the
   * set lacks a uid or a resourceVersion.
   */
  of(kind: string, place: string): string | undefined {
    const slot = this.#slots.get(kind)?.get(place);
    if (slot === undefined) return noDigest;
    if (this.#unproved.has(slot)) return undefined;
    return [...this.#sums.subarray(slot * words, (slot + 1) * words)].map((sum) => sum.toString(16).padStart(8, '0')).join('');
  }

  #slotFor(kind: string, place: string): number {
    const places = this.#slots.get(kind) ?? new Map<string, number>();
    this.#slots.set(kind, places);
    const known = places.get(place);
    if (known !== undefined) return known;
    const slot = this.#size++;
    places.set(place, slot);
    if (this.#size * words > this.#sums.length) {
      const sums = new Uint32Array(this.#sums.length * 2);
      sums.set(this.#sums);
      this.#sums = sums;
    }
    return slot;
  }
}

/** The place of the set of all objects of a kind. */
const ANYWHERE = '*';

/** A set of objects that verdicts depend on: the objects of a kind in one namespace, or all of them. */
export interface ReadSet {
  /** `resource` for the core group, `resource.group` for others. */
  readonly kind: string;
  /** A namespace, or `*`. */
  readonly place: string;
}

/** Returns the kind of a {@link ReadSet}. It has no version, because all versions serve the same objects. */
export const resourceKey = ({ group, resource }: Pick<ApiResource, 'group' | 'resource'>): string =>
  group === '' ? resource : `${resource}.${group}`;

const namespaces = 'namespaces';

/** Returns the set of the objects of a resource in one namespace. */
export const objectsIn = (resource: ApiResource, place: string): ReadSet => ({ kind: resourceKey(resource), place });

/**
 * Returns the set of all objects of a resource, for verdicts in a place. For Namespaces, verdicts in a namespace depend only on that
 * Namespace.
 */
export const allObjects = (resource: ApiResource, place: string): ReadSet => {
  const kind = resourceKey(resource);
  return { kind, place: kind === namespaces && place !== CLUSTER_SCOPE ? place : ANYWHERE };
};

/** Digests of listed objects. */
export class ListedObjects {
  readonly #digests = new ObjectDigests();

  /**
   * Adds a listed object. A Namespace counts as an object inside itself. Of Vigil's own kinds, only the spec counts: Vigil writes their status,
   * and no check reads it.
   */
  add(resource: ApiResource, { generation, ...rest }: ObjectMeta): void {
    const isOwn = resource.group === GROUP && generation !== undefined;
    const metadata = isOwn ? { ...rest, resourceVersion: String(generation) } : rest;
    const kind = resourceKey(resource);
    const place = kind === namespaces ? metadata.name : metadata.namespace;
    this.#digests.add(kind, place === undefined ? [ANYWHERE] : [ANYWHERE, place], metadata);
  }

  /** Returns the digest of a set. Undefined if an object of the set lacks a uid or a resourceVersion. */
  of({ kind, place }: ReadSet): string | undefined {
    return this.#digests.of(kind, place);
  }
}

/**
 * Returns the mark of a namespace: a digest of everything that its verdicts depend on. `evaluation` is the part that is the same for all
 * namespaces, see {@link evaluationMark}. Returns undefined if a set has no digest. Everything in the namespace is then evaluated again.
 */
export function namespaceMark(evaluation: string, sets: readonly ReadSet[], listed: Pick<ListedObjects, 'of'>): string | undefined {
  const lines: string[] = [];
  for (const set of sets) {
    const digest = listed.of(set);
    if (digest === undefined) return undefined;
    lines.push(`${set.kind} ${set.place} ${digest}`);
  }
  return shortDigest([evaluation, ...[...new Set(lines)].toSorted()]);
}

/** The inputs of the evaluation that are the same for all namespaces. */
export interface EvaluationInputs {
  /** The policies of the scan, each with its revision. */
  readonly policies: readonly { readonly name: string; readonly uid: string; readonly revision: string }[];
  /** The version of the controls and the engine. See `catalogueVersion`. */
  readonly catalogue: string;
  /** The image of the workers. */
  readonly program: string;
  /** The version of the API server. */
  readonly kubernetesVersion: string;
  readonly systemNamespaces: readonly string[];
  /** The ImageApprovals that have ended. Their objects do not change when they end. */
  readonly endedApprovals?: readonly string[];
  /** The resources that the scan reads, in each served version, the preferred version first. */
  readonly resources: readonly ApiResource[];
}

/** Returns a digest of the {@link EvaluationInputs}. */
export function evaluationMark({
  policies,
  catalogue,
  program,
  kubernetesVersion,
  systemNamespaces,
  endedApprovals = [],
  resources,
}: EvaluationInputs): string {
  const revisions = policies.map(({ name, uid, revision }) => [name, uid, revision].join(' ')).toSorted();
  const served = resources.map(({ group, version, resource, kind, namespaced }) =>
    [group, version, resource, kind, String(namespaced)].join('/'),
  );
  return shortDigest([revisions, catalogue, program, kubernetesVersion, systemNamespaces.toSorted(), served, endedApprovals.toSorted()]);
}

const shortDigest = (value: unknown): string => hash('sha256', JSON.stringify(value)).slice(0, 24);
