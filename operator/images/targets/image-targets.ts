import { ANNOTATIONS } from '../../api/group.ts';
import { inlineOf } from '../../findings/waivers/inline-exceptions.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { controllerOf, fieldsOf, listOf, textOf, type KubernetesObject } from '../../engine/objects/kubernetes-object.ts';
import { syntheticPod } from '../../engine/pods/synthetic-pod.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { keyOf } from './image-key.ts';
import { runningImage, type RunningImage } from './image-reference.ts';

/** A container of a workload and its image. */
export interface ContainerImage {
  readonly container: string;
  /** The image reference in the pod's spec. */
  readonly reference: string;
  /** Undefined until a container status has the image. */
  readonly image?: RunningImage;
}

/** A workload, or a pod without one, and the images of its containers. */
export interface ImageTarget {
  readonly workload: RecordTarget;
  readonly containers: readonly ContainerImage[];
}

/** A running image, and the nodes and references where it is available. */
export interface ImagePlace {
  readonly image: RunningImage;
  /** The references to mount or pull the image by, the preferred first. If a registry denies one, the next is tried. */
  readonly references: readonly string[];
  readonly nodes: readonly string[];
  /** The scanner pulls the image, since no policy requires it to be mounted. */
  readonly pull?: boolean;
  /** The namespace of its inventory Job, and the pull secrets there; left out for Vigil's own namespace. */
  readonly scanIn?: { readonly namespace: string; readonly pullSecrets: readonly string[] };
}

/** The running images by key. */
export type ImagePlaces = ReadonlyMap<string, ImagePlace>;

/** The pull secrets and references of the pods in a namespace that run an image with pull secrets. */
export interface ImageUser {
  readonly pullSecrets: readonly string[];
  readonly references: readonly string[];
}

/** The images that ran last, one for each platform, by the reference in the pod's spec. */
export type PreviousImages = ReadonlyMap<string, readonly RunningImage[]>;

/** The pull secrets by image key and namespace. */
export type ImageUsers = ReadonlyMap<string, ReadonlyMap<string, ImageUser>>;

/** The maximum number of nodes that are kept for an image. This is enough to find a free one. */
const maxNodes = 16;
/** The maximum number of references that are kept for an image. */
const maxNames = 4;

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const statusLists = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const;

/** A workload and the images of its pod template. */
interface Workload {
  /** The UID of the owner that is its controller. */
  readonly owner: string | undefined;
  readonly target: RecordTarget;
  /** The containers of its pod template. */
  readonly containers: readonly ContainerImage[];
}

/** The references of an image in pods' specs, and other references in container statuses. */
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
  if (asked.size < maxNames) asked.add(reference);
  if (alias !== undefined && others.size < maxNames) others.add(alias);
}

const inOrder = ({ asked, others }: Names): readonly string[] =>
  [...new Set([...[...asked].toSorted(), ...[...others].toSorted()])].slice(0, maxNames);

/** A workload with pods, or a pod without a workload. */
interface Running {
  readonly target: RecordTarget;
  readonly containers: ContainerImage[];
}

/**
 * Collects the images of workloads and pods. Add all workloads first, then the pods; only the images of pods are kept. A pod belongs to its
 * topmost owner. A workload without pods has the references of its pod template. A reference without a container status, as while a pod
 * starts, stands for the image that ran last under it.
 */
export class ImageTargets {
  readonly #inScope: (target: RecordTarget) => boolean;
  readonly #platformOf: (node: string | undefined) => string | undefined;
  readonly #before: PreviousImages;
  readonly #workloads = new Map<string, Workload>();
  /** By UID; undefined if the workload is in no scope. */
  readonly #running = new Map<string, Running | undefined>();
  /** The images of the current pods, by reference. */
  readonly #known = new Map<string, readonly RunningImage[]>();
  readonly #nodes = new Map<string, Set<string>>();
  readonly #names = new Map<string, Names>();
  readonly #users = new Map<string, Map<string, User>>();
  /** Interned containers and labels, which many pods share. */
  readonly #containers = new Map<string, ContainerImage>();
  readonly #labels = new Map<string, NonNullable<RecordTarget['labels']>>();

  /**
   * @param inScope Whether a workload is in the scope of a policy.
   * @param platform The platform of a node; undefined if it is not known.
   * @param before The result of `imagesByReference` from the previous listing.
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

  /** Returns the workloads in scope, with their images. */
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

  /** Returns the images of these targets by key, with the nodes that have them. */
  images(targets: readonly ImageTarget[]): ImagePlaces {
    const images = new Map<string, ImagePlace>();
    for (const { image } of targets.flatMap(({ containers }) => containers)) {
      if (!image) continue;
      const key = keyOf(image);
      if (!images.has(key)) images.set(key, { image, references: this.#referencesOf(image), nodes: [...(this.#nodes.get(key) ?? [])] });
    }
    return images;
  }

  /** Returns the images of these targets by reference. The next listing uses them while pods are being replaced. */
  imagesByReference(targets: readonly ImageTarget[]): PreviousImages {
    const ran = new Map<string, RunningImage[]>();
    for (const { reference, image } of targets.flatMap(({ containers }) => containers)) {
      const images = image && ran.getOrInsertComputed(reference, () => []);
      if (image && images?.some((each) => keyOf(each) === keyOf(image)) === false) images.push(image);
    }
    return ran;
  }

  /** Returns the pull secrets in pods' specs. The API server writes those of a service account into its pods. */
  users(): ImageUsers {
    const userOf = ({ pullSecrets, names }: User): ImageUser => ({ pullSecrets: [...pullSecrets].toSorted(), references: inOrder(names) });
    return new Map([...this.#users].map(([key, places]) => [key, new Map([...places].map(([place, user]) => [place, userOf(user)]))]));
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

  /** Returns the workload that a pod belongs to; undefined if it is in no scope. */
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
    if (known.size < maxNodes) known.add(node);
  }

  /** Replaces images of another digest: the tag has moved. Adds an image of the same digest on another platform. */
  #noteKnown(reference: string, image: RunningImage): void {
    const known = (this.#known.get(reference) ?? []).filter(({ digest }) => digest === image.digest);
    if (!known.some((each) => keyOf(each) === keyOf(image))) this.#known.set(reference, [...known, image]);
  }

  /** Returns the containers. One without an image gets the image that ran last under its reference. */
  #withKnown(containers: readonly ContainerImage[]): readonly ContainerImage[] {
    if (containers.every(({ image }) => image)) return containers;
    const all: ContainerImage[] = containers.filter(({ image }) => image);
    for (const container of containers.filter(({ image }) => !image))
      for (const known of this.#withLastImages(container)) if (!all.some((each) => isSame(each, known))) all.push(known);
    return all;
  }

  #withLastImages(container: ContainerImage): ContainerImage[] {
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
    const { namespace, name, uid, labels, annotations, creationTimestamp: created } = (object as unknown as KubeObject).metadata;
    const inline = inlineOf(annotations?.[ANNOTATIONS.except], created);
    return {
      apiVersion: textOf(object.apiVersion) ?? '',
      kind: textOf(object.kind) ?? '',
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(created === undefined ? {} : { created }),
      ...(labels ? { labels: this.#labelsOnce(labels) } : {}),
      ...(inline === undefined ? {} : { inline }),
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
  const statuses = new Map(
    statusLists.flatMap((list) => listOf(status[list]).map((item) => [textOf(fieldsOf(item)['name']) ?? '', fieldsOf(item)] as const)),
  );
  return containersOf(pod['spec']).map(({ container, reference }) => {
    const { imageID, image: name } = statuses.get(container) ?? {};
    const image = runningImage({ requested: reference, imageID: textOf(imageID) ?? '', image: textOf(name) ?? reference });
    return { container, reference, ...(image ? { image: { ...image, ...(platform === undefined ? {} : { platform }) } } : {}) };
  });
}

function containersOf(spec: unknown): { readonly container: string; readonly reference: string }[] {
  return containerLists
    .flatMap((list) => listOf(fieldsOf(spec)[list]))
    .map((item) => ({ container: textOf(fieldsOf(item)['name']) ?? '', reference: textOf(fieldsOf(item)['image']) ?? '' }));
}
