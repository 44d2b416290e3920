import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { partsOf, repositoryOf } from '../findings/approvals/image-reference.ts';
import { listPages, type ListClient } from '../kube/list.ts';
import type { RunningWorkloads } from './approval-status.ts';

/** A reference to the controller of an object. */
interface Owner {
  readonly kind: string;
  readonly name: string;
}

interface PodFields extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

const replicaSets: ApiResource = { group: 'apps', version: 'v1', resource: 'replicasets', kind: 'ReplicaSet', namespaced: true };
const pageSize = 250;
const containerLists = ['initContainers', 'containers', 'ephemeralContainers'];
const statusLists = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'];

/** Returns `repository@digest` with the full name of the repository. Undefined without a digest. */
export function imageKey(reference: string): string | undefined {
  const { name, digest } = partsOf(reference);
  return digest === undefined || name === '' ? undefined : `${repositoryOf(name)}@${digest}`;
}

const ownerOf = ({ metadata }: KubeObject): Owner | undefined => metadata.ownerReferences?.find(({ controller }) => controller === true);

/** By image, as `repository@sha256:…`: the workloads with a pod that runs it. */
export type RunningImages = ReadonlyMap<string, RunningWorkloads>;

/**
 * Lists the pods of the cluster, and returns by image which workloads run it. An image is known by the digest in the pod's spec and by the one
 * in the container status. A workload is the topmost controller of a pod. Throws the errors of the API server.
 */
export async function readRunningImages(client: ListClient, signal: AbortSignal): Promise<RunningImages> {
  const owners = new Map<string, Owner>();
  for (const resource of [replicaSets, RESOURCES.jobs])
    for await (const { items } of listPages<KubeObject>(client, resource, { metadataOnly: true, limit: pageSize, signal }))
      addOwners(owners, resource, items);
  const found = new Map<string, Map<string, number>>();
  for await (const { items } of listPages<PodFields>(client, RESOURCES.pods, { limit: pageSize, signal }))
    for (const pod of items) addPod(found, pod, owners);
  return found;
}

function addOwners(owners: Map<string, Owner>, { kind }: ApiResource, items: readonly KubeObject[]): void {
  for (const item of items) {
    const owner = ownerOf(item);
    if (owner) owners.set(keyOf(item.metadata.namespace, { kind, name: item.metadata.name }), owner);
  }
}

const keyOf = (namespace: string | undefined, { kind, name }: Owner): string => `${namespace ?? ''}/${kind}/${name}`;

/** Adds a pod that runs or starts. */
export function addPod(found: Map<string, Map<string, number>>, pod: PodFields, owners: ReadonlyMap<string, Owner>): void {
  if (!isLive(pod)) return;
  const startTime = pod.status?.['startTime'];
  const since = Date.parse(typeof startTime === 'string' ? startTime : (pod.metadata.creationTimestamp ?? ''));
  const workload = workloadOf(pod, owners);
  for (const image of imagesOf(pod)) {
    const workloads = found.getOrInsertComputed(image, () => new Map<string, number>());
    workloads.set(workload, Math.min(workloads.get(workload) ?? Number.POSITIVE_INFINITY, since));
  }
}

function isLive({ metadata, status }: PodFields): boolean {
  const phase = status?.['phase'];
  return metadata.deletionTimestamp === undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

function workloadOf(pod: PodFields, owners: ReadonlyMap<string, Owner>): string {
  const { namespace, name } = pod.metadata;
  const direct = ownerOf(pod) ?? { kind: RESOURCES.pods.kind, name };
  return keyOf(namespace, owners.get(keyOf(namespace, direct)) ?? direct);
}

function imagesOf({ spec = {}, status = {} }: PodFields): ReadonlySet<string> {
  const texts = [...textsIn(spec, containerLists, 'image'), ...textsIn(status, statusLists, 'imageID')];
  return new Set(texts.flatMap((text) => imageKey(text.replace(/^[a-z-]+:\/\//, '')) ?? []));
}

function textsIn(fields: Readonly<Record<string, unknown>>, lists: readonly string[], field: string): readonly string[] {
  const items = lists.flatMap((list) => (Array.isArray(fields[list]) ? (fields[list] as readonly Record<string, unknown>[]) : []));
  return items.map((item) => item[field]).filter((text) => typeof text === 'string');
}

/** Returns the workloads that run one of the images of an approval. */
export function workloadsRunning(images: RunningImages, keys: readonly string[]): RunningWorkloads {
  const all = new Map<string, number>();
  for (const [workload, since] of keys.flatMap((key) => [...(images.get(key) ?? [])]))
    all.set(workload, Math.min(all.get(workload) ?? Number.POSITIVE_INFINITY, since));
  return all;
}
