import type { KubeObject } from '../api/metadata.ts';
import { controllerOf, fieldsOf, listOf, textOf, type KubernetesObject } from '../engine/kubernetes-object.ts';
import { syntheticPod } from '../engine/synthetic-pod.ts';
import type { RecordTarget } from '../stream/stream-record.ts';
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

/** The images that run, by digest, each with a node that has it. */
export type ImageNodes = ReadonlyMap<string, { readonly image: RunningImage; readonly node?: string }>;

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const statusLists = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const;

/**
 * What runs where, by the pods and what makes them. A pod counts for the topmost workload above it that is among `workloads`;
 * a workload without pods has the references of its template, whose image is known when some pod ran the same reference.
 */
export function imageTargets(workloads: readonly KubernetesObject[], pods: readonly KubernetesObject[]): ImageTarget[] {
  const byUid = new Map(workloads.map((object) => [textOf(metadataOf(object)['uid']) ?? '', object]));
  const running = new Map<string, { readonly object: KubernetesObject; readonly containers: Map<string, ContainerImage> }>();
  const known = new Map<string, RunningImage>();
  for (const pod of pods) {
    const containers = podImages(pod);
    for (const { reference, image } of containers) if (image) known.set(reference, image);
    if (!isLive(pod)) continue;
    const object = topOf(pod, byUid);
    const uid = textOf(metadataOf(object)['uid']) ?? '';
    const target = running.get(uid) ?? { object, containers: new Map<string, ContainerImage>() };
    running.set(uid, target);
    for (const container of containers) target.containers.set(`${container.container} ${container.image?.digest ?? ''}`, container);
  }
  const idle = workloads.filter((object) => !running.has(textOf(metadataOf(object)['uid']) ?? '') && ownerUid(object) === undefined);
  return [
    ...[...running.values()].map(({ object, containers }) => ({ workload: targetOf(object), containers: [...containers.values()] })),
    ...idle.map((object) => ({ workload: targetOf(object), containers: templateImages(object, known) })),
  ].filter(({ containers }) => containers.length > 0);
}

/** The images of targets, each once, with a node that has it. */
export function imagesOf(targets: readonly ImageTarget[], pods: readonly KubernetesObject[]): ImageNodes {
  const nodes = new Map<string, string>();
  for (const pod of pods) {
    const node = textOf(fieldsOf(pod['spec'])['nodeName']);
    for (const { image } of podImages(pod)) if (image && node !== undefined && !nodes.has(image.digest)) nodes.set(image.digest, node);
  }
  const images = new Map<string, { image: RunningImage; node?: string }>();
  for (const { image } of targets.flatMap(({ containers }) => containers)) {
    const node = image && nodes.get(image.digest);
    if (image) images.set(image.digest, { image, ...(node === undefined ? {} : { node }) });
  }
  return images;
}

const metadataOf = (object: KubernetesObject): Readonly<Record<string, unknown>> => fieldsOf(object.metadata);

function isLive(pod: KubernetesObject): boolean {
  const phase = fieldsOf(pod['status'])['phase'];
  return metadataOf(pod)['deletionTimestamp'] === undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

const ownerUid = (object: KubernetesObject): string | undefined => controllerOf(object)?.uid;

function topOf(pod: KubernetesObject, byUid: ReadonlyMap<string, KubernetesObject>): KubernetesObject {
  let top = pod;
  for (let uid = ownerUid(top), steps = 0; uid !== undefined && steps < 5; uid = ownerUid(top), steps++) {
    const owner = byUid.get(uid);
    if (!owner) break;
    top = owner;
  }
  return top;
}

function podImages(pod: KubernetesObject): ContainerImage[] {
  const status = fieldsOf(pod['status']);
  const said = new Map(
    statusLists.flatMap((list) => listOf(status[list]).map((item) => [textOf(fieldsOf(item)['name']) ?? '', fieldsOf(item)] as const)),
  );
  return containersOf(pod['spec']).map(({ container, reference }) => {
    const { imageID, image: name } = said.get(container) ?? {};
    const image = runningImage({ imageID: textOf(imageID) ?? '', image: textOf(name) ?? reference });
    return { container, reference, ...(image ? { image } : {}) };
  });
}

function templateImages(object: KubernetesObject, known: ReadonlyMap<string, RunningImage>): ContainerImage[] {
  const image = (reference: string): Pick<ContainerImage, 'image'> => {
    const found = known.get(reference);
    return found ? { image: found } : {};
  };
  return containersOf(syntheticPod(object)?.pod?.spec).map((container) => ({ ...container, ...image(container.reference) }));
}

function containersOf(spec: unknown): { readonly container: string; readonly reference: string }[] {
  return containerLists
    .flatMap((list) => listOf(fieldsOf(spec)[list]))
    .map((item) => ({ container: textOf(fieldsOf(item)['name']) ?? '', reference: textOf(fieldsOf(item)['image']) ?? '' }));
}

function targetOf(object: KubernetesObject): RecordTarget {
  const { namespace, name, uid, labels } = (object as unknown as KubeObject).metadata;
  return {
    apiVersion: textOf(object.apiVersion) ?? '',
    kind: textOf(object.kind) ?? '',
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(labels ? { labels } : {}),
  };
}
