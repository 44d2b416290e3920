import type { KubeObject } from '../../api/metadata.ts';
import { controllerOf, fieldsOf, listOf, textOf, type KubernetesObject } from '../../engine/objects/kubernetes-object.ts';
import { syntheticPod } from '../../engine/pods/synthetic-pod.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { keyOf } from './image-key.ts';
import { runningImage, type RunningImage } from './image-reference.ts';

/** What one container of a workload runs. */
export interface ContainerImage {
  readonly container: string;
  /** As it is written in the pod. */
  readonly reference: string;
  /** Undefined while no pod says which image the reference is. */
  readonly image?: RunningImage;
}

/** A workload, or a pod without one, with its images. */
export interface ImageTarget {
  readonly workload: RecordTarget;
  readonly containers: readonly ContainerImage[];
}

/** An image that runs, and nodes that have it. */
export interface ImagePlace {
  readonly image: RunningImage;
  /** What it may be had by, the best first: one registry may refuse what another gives, or a node has. */
  readonly references: readonly string[];
  readonly nodes: readonly string[];
  /** The scanner pulls it by itself: nobody asks to have it mounted. */
  readonly pull?: boolean;
  /** Where it is looked into when that is not Vigil's namespace, with pull secrets there. */
  readonly scanIn?: { readonly namespace: string; readonly pullSecrets: readonly string[] };
}

/** The images that run, by what they are kept under. */
export type ImagePlaces = ReadonlyMap<string, ImagePlace>;
/** What the pods of a namespace name that run an image with pull secrets. */
export interface ImageUser {
  readonly pullSecrets: readonly string[];
  readonly references: readonly string[];
}

/** By reference as pods have it: the image that ran last, on each of its platforms. */
export type PreviousImages = ReadonlyMap<string, readonly RunningImage[]>;

/** By what their images are kept under and by namespace. */
export type ImageUsers = ReadonlyMap<string, ReadonlyMap<string, ImageUser>>;

/** The most nodes that are kept of an image: to find one that is free, more say little. */
const mostNodes = 16;
/** The most names that are kept of an image. */
const mostNames = 4;

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const statusLists = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const;

/** What is kept of a workload. */
interface Workload {
  /** The controller's uid, where it has one. */
  readonly owner: string | undefined;
  readonly target: RecordTarget;
  /** By its template. */
  readonly containers: readonly ContainerImage[];
}

/** What pods ask for an image by, and what nodes call it otherwise. */
interface Names {
  readonly asked: Set<string>;
  readonly others: Set<string>;
}

interface User {
  readonly pullSecrets: Set<string>;
  readonly names: Names;
}

const noNames = (): Names => ({ asked: new Set(), others: new Set() });

function noteNames({ asked, others }: Names, { reference, alias }: RunningImage): void {
  if (asked.size < mostNames) asked.add(reference);
  if (alias !== undefined && others.size < mostNames) others.add(alias);
}

const inOrder = ({ asked, others }: Names): readonly string[] =>
  [...new Set([...[...asked].toSorted(), ...[...others].toSorted()])].slice(0, mostNames);

/** A workload with pods, or a pod without a workload. */
interface Running {
  readonly target: RecordTarget;
  readonly containers: ContainerImage[];
}

/**
 * What runs where, gathered object by object: the workloads first, then the pods, of which only the images are kept. A pod counts for
 * the topmost workload above it; a workload without pods has the references of its template. Where no pod says which image a reference
 * is, as while one starts, it is taken for the one that ran last.
 */
export class ImageTargets {
  readonly #inScope: (target: RecordTarget) => boolean;
  readonly #platformOf: (node: string | undefined) => string | undefined;
  readonly #before: PreviousImages;
  readonly #workloads = new Map<string, Workload>();
  /** By uid; undefined: in no scope. */
  readonly #running = new Map<string, Running | undefined>();
  /** Of the pods that are there. */
  readonly #known = new Map<string, readonly RunningImage[]>();
  readonly #nodes = new Map<string, Set<string>>();
  readonly #names = new Map<string, Names>();
  readonly #users = new Map<string, Map<string, User>>();
  /** Each container once, and what is written in labels: very many pods have the same. */
  readonly #containers = new Map<string, ContainerImage>();
  readonly #labels = new Map<string, NonNullable<RecordTarget['labels']>>();

  /**
   * @param inScope Whether anybody asks about a workload.
   * @param platform The platform of a node; undefined while it is not known.
   * @param before What ran when they were gathered before, as {@link imagesByReference} said.
   */
  constructor(
    inScope: (target: RecordTarget) => boolean = () => true,
    platform: (node: string | undefined) => string | undefined = () => undefined,
    before: PreviousImages = new Map(),
  ) {
    this.#before = before;
    this.#inScope = inScope;
    this.#platformOf = platform;
  }

  addWorkload(object: KubernetesObject): void {
    const containers = containersOf(syntheticPod(object)?.pod?.spec).map((container) => this.#once(container));
    this.#workloads.set(uidOf(object), { owner: controllerOf(object)?.uid, target: this.#targetOf(object), containers });
  }

  addPod(pod: KubernetesObject): void {
    const node = textOf(fieldsOf(pod['spec'])['nodeName']);
    const containers = podImages(pod, this.#platformOf(node)).map((container) => this.#once(container));
    for (const { reference, image } of containers) {
      if (!image) continue;
      const key = keyOf(image);
      noteNames(this.#names.getOrInsertComputed(key, noNames), image);
      this.#noteUser(pod, image);
      this.#noteKnown(reference, image);
      if (node !== undefined) this.#noteNode(key, node);
    }
    const all = isLive(pod) ? this.#runningOf(pod)?.containers : undefined;
    for (const container of containers) if (all && !all.some((known) => isSame(known, container))) all.push(container);
  }

  /** The workloads that anybody asks about, with their images. */
  targets(): ImageTarget[] {
    const idle = [...this.#workloads].filter(
      ([uid, { owner, target }]) => !this.#running.has(uid) && owner === undefined && this.#inScope(target),
    );
    return [
      ...[...this.#running.values()].flatMap((found) =>
        found ? [{ workload: found.target, containers: this.#withKnown(found.containers) }] : [],
      ),
      ...idle.map(([, { target, containers }]) => ({ workload: target, containers: this.#withKnown(containers) })),
    ].filter(({ containers }) => containers.length > 0);
  }

  /** The images of these, each once, with nodes that have it. */
  images(targets: readonly ImageTarget[]): ImagePlaces {
    const images = new Map<string, ImagePlace>();
    for (const { image } of targets.flatMap(({ containers }) => containers)) {
      if (!image) continue;
      const key = keyOf(image);
      if (!images.has(key)) images.set(key, { image, references: this.#referencesOf(image), nodes: [...(this.#nodes.get(key) ?? [])] });
    }
    return images;
  }

  /** Which images these name by which references: for when pods are between one run and the next. */
  imagesByReference(targets: readonly ImageTarget[]): PreviousImages {
    const ran = new Map<string, RunningImage[]>();
    for (const { reference, image } of targets.flatMap(({ containers }) => containers)) {
      const images = image && ran.getOrInsertComputed(reference, () => []);
      if (image && images?.some((each) => keyOf(each) === keyOf(image)) === false) images.push(image);
    }
    return ran;
  }

  /** Who names pull secrets; those of a service account are written into its pods by the server. */
  users(): ImageUsers {
    const told = ({ pullSecrets, names }: User): ImageUser => ({ pullSecrets: [...pullSecrets].toSorted(), references: inOrder(names) });
    return new Map([...this.#users].map(([key, places]) => [key, new Map([...places].map(([place, user]) => [place, told(user)]))]));
  }

  #referencesOf(image: RunningImage): readonly string[] {
    const names = this.#names.get(keyOf(image));
    return names ? inOrder(names) : [image.reference];
  }

  #noteUser(pod: KubernetesObject, image: RunningImage): void {
    const namespace = textOf(metadataOf(pod)['namespace']);
    const secrets = listOf(fieldsOf(pod['spec'])['imagePullSecrets']).flatMap((item) => textOf(fieldsOf(item)['name']) ?? []);
    if (namespace === undefined || secrets.length === 0 || !this.#inScope(this.#topOf(pod)?.target ?? this.#targetOf(pod))) return;
    const places = this.#users.getOrInsertComputed(keyOf(image), () => new Map<string, User>());
    const user = places.getOrInsertComputed(namespace, () => ({ pullSecrets: new Set<string>(), names: noNames() }));
    for (const secret of secrets) user.pullSecrets.add(secret);
    noteNames(user.names, image);
  }

  /** What a pod counts for; undefined when nobody asks about that. */
  #runningOf(pod: KubernetesObject): Running | undefined {
    const top = this.#topOf(pod);
    const uid = top?.uid ?? uidOf(pod);
    if (!this.#running.has(uid)) {
      const target = top?.target ?? this.#targetOf(pod);
      this.#running.set(uid, this.#inScope(target) ? { target, containers: [] } : undefined);
    }
    return this.#running.get(uid);
  }

  #topOf(pod: KubernetesObject): { readonly uid: string; readonly target: RecordTarget } | undefined {
    let top: { uid: string; target: RecordTarget } | undefined;
    let uid = controllerOf(pod)?.uid;
    for (let steps = 0; uid !== undefined && steps < 5; steps++) {
      const owner = this.#workloads.get(uid);
      if (!owner) break;
      top = { uid, target: owner.target };
      uid = owner.owner;
    }
    return top;
  }

  #noteNode(key: string, node: string): void {
    const known = this.#nodes.getOrInsertComputed(key, () => new Set<string>());
    if (known.size < mostNodes) known.add(node);
  }

  /** A tag may have moved, but is then another digest's on every platform. */
  #noteKnown(reference: string, image: RunningImage): void {
    const known = (this.#known.get(reference) ?? []).filter(({ digest }) => digest === image.digest);
    if (!known.some((each) => keyOf(each) === keyOf(image))) this.#known.set(reference, [...known, image]);
  }

  /** The containers, those of which no pod says what they run with what ran last under that reference. */
  #withKnown(containers: readonly ContainerImage[]): readonly ContainerImage[] {
    if (containers.every(({ image }) => image)) return containers;
    const all: ContainerImage[] = containers.filter(({ image }) => image);
    for (const container of containers.filter(({ image }) => !image))
      for (const known of this.#asRan(container)) if (!all.some((each) => isSame(each, known))) all.push(known);
    return all;
  }

  #asRan(container: ContainerImage): ContainerImage[] {
    const known = this.#known.get(container.reference) ?? this.#before.get(container.reference) ?? [];
    return known.length === 0 ? [container] : known.map((image) => ({ ...container, image }));
  }

  #once(container: ContainerImage): ContainerImage {
    const { image } = container;
    const key = `${container.container} ${container.reference} ${image?.reference ?? ''} ${image?.alias ?? ''} ${image ? keyOf(image) : ''}`;
    const known = this.#containers.get(key) ?? container;
    this.#containers.set(key, known);
    return known;
  }

  #targetOf(object: KubernetesObject): RecordTarget {
    const { namespace, name, uid, labels, creationTimestamp: created } = (object as unknown as KubeObject).metadata;
    return {
      apiVersion: textOf(object.apiVersion) ?? '',
      kind: textOf(object.kind) ?? '',
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(created === undefined ? {} : { created }),
      ...(labels ? { labels: this.#labelsOnce(labels) } : {}),
    };
  }

  #labelsOnce(labels: NonNullable<RecordTarget['labels']>): NonNullable<RecordTarget['labels']> {
    const key = JSON.stringify(labels);
    const known = this.#labels.get(key) ?? labels;
    this.#labels.set(key, known);
    return known;
  }
}

const metadataOf = (object: KubernetesObject): Readonly<Record<string, unknown>> => fieldsOf(object.metadata);

function isLive(pod: KubernetesObject): boolean {
  const phase = fieldsOf(pod['status'])['phase'];
  return metadataOf(pod)['deletionTimestamp'] === undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

const isSame = (one: ContainerImage, other: ContainerImage): boolean =>
  one === other || (one.container === other.container && (one.image && keyOf(one.image)) === (other.image && keyOf(other.image)));

const uidOf = (object: KubernetesObject): string => textOf(metadataOf(object)['uid']) ?? '';

function podImages(pod: KubernetesObject, platform: string | undefined): ContainerImage[] {
  const status = fieldsOf(pod['status']);
  const said = new Map(
    statusLists.flatMap((list) => listOf(status[list]).map((item) => [textOf(fieldsOf(item)['name']) ?? '', fieldsOf(item)] as const)),
  );
  return containersOf(pod['spec']).map(({ container, reference }) => {
    const { imageID, image: name } = said.get(container) ?? {};
    const image = runningImage({ requested: reference, imageID: textOf(imageID) ?? '', image: textOf(name) ?? reference });
    return { container, reference, ...(image ? { image: { ...image, ...(platform === undefined ? {} : { platform }) } } : {}) };
  });
}

function containersOf(spec: unknown): { readonly container: string; readonly reference: string }[] {
  return containerLists
    .flatMap((list) => listOf(fieldsOf(spec)[list]))
    .map((item) => ({ container: textOf(fieldsOf(item)['name']) ?? '', reference: textOf(fieldsOf(item)['image']) ?? '' }));
}
