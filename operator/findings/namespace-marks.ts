import { hash } from 'node:crypto';
import type { ApiResource } from '../api/api-resource.ts';
import type { ObjectMeta } from '../api/metadata.ts';

/** Instead of a namespace: the objects outside of all namespaces, Namespaces themselves included, and the cluster as a whole. */
export const CLUSTER_SCOPE = '';

/** Words of 32 bits that a digest has. */
const words = 4;
const noDigest = '0'.repeat(words * 8);

/**
 * Digests of sets of objects, each known by its uid and resourceVersion: one digest for each kind and place. Two sets that differ have other
 * digests; the order in which objects are added does not matter. Holds no text but names of places: 16 bytes a set.
 */
export class ObjectDigests {
  readonly #slots = new Map<string, Map<string, number>>();
  /** Sets with an object that cannot be told from an older state of it, by slot. */
  readonly #unproved = new Set<number>();
  #sums = new Uint32Array(64 * words);
  #size = 0;

  /** Adds an object to the sets of a kind in places. One without uid or resourceVersion makes them sets of which nothing can be proved. */
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

  /** The digest of the objects of a kind in a place, in hex; of an empty set the same each time. Undefined if nothing can be proved by it. */
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

/** Every object of a kind, wherever it lies. */
const ANYWHERE = '*';

/** A set of objects that verdicts depend on: those of a kind in one namespace, or all of them. */
export interface ReadSet {
  /** `resource`, or `resource.group`. */
  readonly kind: string;
  /** A namespace, or `*`. */
  readonly place: string;
}

/** How a resource is called in marks: its objects are the same in every version. */
export const resourceKey = ({ group, resource }: Pick<ApiResource, 'group' | 'resource'>): string =>
  group === '' ? resource : `${resource}.${group}`;

const namespaces = 'namespaces';

/** The objects of a resource in one namespace. */
export const objectsIn = (resource: ApiResource, place: string): ReadSet => ({ kind: resourceKey(resource), place });

/** All objects of a resource, for verdicts in a place. Of Namespaces, verdicts in a namespace depend on their own alone. */
export const allObjects = (resource: ApiResource, place: string): ReadSet => {
  const kind = resourceKey(resource);
  return { kind, place: kind === namespaces && place !== CLUSTER_SCOPE ? place : ANYWHERE };
};

/** Digests of objects as they are listed. */
export class ListedObjects {
  readonly #digests = new ObjectDigests();

  /** Takes an object of a list in. A Namespace counts as an object inside itself. */
  add(resource: ApiResource, metadata: ObjectMeta): void {
    const kind = resourceKey(resource);
    const place = kind === namespaces ? metadata.name : metadata.namespace;
    this.#digests.add(kind, place === undefined ? [ANYWHERE] : [ANYWHERE, place], metadata);
  }

  /** The digest of a set; undefined if nothing can be proved by it. */
  of({ kind, place }: ReadSet): string | undefined {
    return this.#digests.of(kind, place);
  }
}

/**
 * The mark of a namespace: what verdicts there depend on, as one word. `judgement` is what they are judged by, the same for all
 * namespaces. Undefined if one of the sets proves nothing: then everything there is evaluated anew.
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

/** What is judged by, as far as it is the same for all namespaces. */
export interface EvaluationInputs {
  /** The policies of the scan, each with its judgement revision. */
  readonly policies: readonly { readonly name: string; readonly uid: string; readonly revision: string }[];
  /** The controls and the engine: see `catalogueVersion`. */
  readonly catalogue: string;
  /** What workers run. */
  readonly program: string;
  /** The server's version. */
  readonly kubernetesVersion: string;
  readonly systemNamespaces: readonly string[];
  /** The kinds that are looked at, in each version that is served, the preferred one first. */
  readonly resources: readonly ApiResource[];
}

/** {@link EvaluationInputs} as one word. */
export function evaluationMark({ policies, catalogue, program, kubernetesVersion, systemNamespaces, resources }: EvaluationInputs): string {
  const revisions = policies.map(({ name, uid, revision }) => [name, uid, revision].join(' ')).toSorted();
  const served = resources.map(({ group, version, resource, kind, namespaced }) =>
    [group, version, resource, kind, String(namespaced)].join('/'),
  );
  return shortDigest([revisions, catalogue, program, kubernetesVersion, systemNamespaces.toSorted(), served]);
}

const shortDigest = (value: unknown): string => hash('sha256', JSON.stringify(value)).slice(0, 24);
