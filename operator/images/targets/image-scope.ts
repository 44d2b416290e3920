import { apiVersionOf, RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { KubernetesObject } from '../../engine/objects/kubernetes-object.ts';
import { policyScope, type NamespaceFacts } from '../../engine/objects/policy-scope.ts';
import type { SecurityPolicy } from '../../api/security-policy.ts';
import { ImageTargets, type ImagePlaces, type ImageTarget, type ImageUsers, type PreviousImages } from './image-targets.ts';
import { withPullModes } from './image-modes.ts';
import type { NodePlatforms } from './node-platforms.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { listPages } from '../../kube/list.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';

/** A policy that asks about images, with the workloads in its scope. */
export interface PolicyTargets {
  readonly policy: SecurityPolicy;
  readonly targets: readonly ImageTarget[];
}

/** What runs in the scope of policies that ask about images. */
export interface ImageScope {
  readonly policies: readonly PolicyTargets[];
  readonly images: ImagePlaces;
  readonly users: ImageUsers;
  /** What they run, for the next look. */
  readonly imagesByReference: PreviousImages;
  /** Of the cluster's nodes. */
  readonly platforms: ReadonlySet<string>;
}

const apps = (resource: string, kind: string): ApiResource => ({ group: 'apps', version: 'v1', resource, kind, namespaced: true });

/** What makes pods; of those that something else makes, metadata is enough. */
const workloadResources: readonly (readonly [resource: ApiResource, metadataOnly: boolean])[] = [
  [apps('deployments', 'Deployment'), false],
  [apps('statefulsets', 'StatefulSet'), false],
  [apps('daemonsets', 'DaemonSet'), false],
  [{ ...RESOURCES.jobs, resource: 'cronjobs', kind: 'CronJob' }, false],
  [RESOURCES.jobs, true],
  [apps('replicasets', 'ReplicaSet'), true],
  [{ group: '', version: 'v1', resource: 'replicationcontrollers', kind: 'ReplicationController', namespaced: true }, true],
];

/** Reads the workloads, pods and namespaces that the policies look at. Throws what the server answers: a part is not enough. */
export async function readImageScope(
  client: KubeClient,
  policies: readonly SecurityPolicy[],
  {
    systemNamespaces,
    platforms,
    own,
    before,
    signal,
  }: {
    readonly systemNamespaces: readonly string[];
    readonly platforms: NodePlatforms;
    /** Vigil's own Jobs in other namespaces: nobody asks about these. */
    readonly own: (target: RecordTarget) => boolean;
    /** What ran at the look before. */
    readonly before: PreviousImages;
    readonly signal: AbortSignal;
  },
): Promise<ImageScope> {
  if (policies.length === 0)
    return { policies: [], images: new Map(), users: new Map(), imagesByReference: new Map(), platforms: platforms.all() };
  const places = new Map<string, NamespaceFacts>();
  for await (const { items } of listPages(client, RESOURCES.namespaces, { metadataOnly: true, signal }))
    for (const { metadata } of items) places.set(metadata.name, { name: metadata.name, labels: metadata.labels ?? {} });
  const asking = policies.map((policy) => ({ policy, asks: asksAbout(policy, systemNamespaces, places) }));
  const inScope = (target: RecordTarget): boolean => !own(target) && asking.some(({ asks }) => asks(target));
  const gathered = new ImageTargets(inScope, (node) => platforms.of(node), before);
  for (const [resource, metadataOnly] of workloadResources)
    await each(client, resource, { metadataOnly, signal }, (object) => gathered.addWorkload(object));
  await each(client, RESOURCES.pods, { signal }, (pod) => gathered.addPod(pod));
  const all = gathered.targets();
  const asked = asking.map(({ policy, asks }) => ({ policy, targets: all.filter(({ workload }) => asks(workload)) }));
  return {
    policies: asked,
    images: withPullModes(
      gathered.images(all),
      asked.map(({ policy, targets }) => ({ images: policy.spec.images, targets })),
    ),
    users: gathered.users(),
    imagesByReference: gathered.imagesByReference(all),
    platforms: platforms.all(),
  };
}

/** Whether a policy takes in a workload. */
function asksAbout(
  { spec }: SecurityPolicy,
  systemNamespaces: readonly string[],
  places: ReadonlyMap<string, NamespaceFacts>,
): (target: RecordTarget) => boolean {
  const scope = policyScope(spec.scope, systemNamespaces);
  return ({ namespace = '', labels = {} }) => {
    const place = places.get(namespace);
    return place !== undefined && scope.includes({ namespace: place, labels });
  };
}

/** Goes through a list, whose items the server gives without their kind; no more than a page is held. */
async function each(
  client: KubeClient,
  resource: ApiResource,
  options: { readonly metadataOnly?: boolean; readonly signal: AbortSignal },
  take: (object: KubernetesObject) => void,
): Promise<void> {
  for await (const { items } of listPages<KubeObject>(client, resource, { ...options, limit: 250 }))
    for (const item of items) take({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind });
}
