import { apiVersionOf, RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { KubernetesObject } from '../../engine/objects/kubernetes-object.ts';
import { policyScope, type NamespaceFacts } from '../../engine/objects/policy-scope.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { ImageTargets, type ImagePlaces, type ImageTarget, type ImageUsers, type PreviousImages } from './image-targets.ts';
import { withPullModes } from './image-modes.ts';
import type { NodePlatforms } from './node-platforms.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { scannedImages } from '../../api/scanned-images.ts';

/** A policy with `spec.images`, and the workloads in its scope. */
export interface PolicyTargets {
  readonly policy: SecurityPolicy;
  readonly targets: readonly ImageTarget[];
}

/** The workloads and images in the scope of the policies with `spec.images`. */
export interface ImageScope {
  readonly policies: readonly PolicyTargets[];
  readonly images: ImagePlaces;
  readonly users: ImageUsers;
  /** The running images by reference, as the previous images of the next listing. */
  readonly imagesByReference: PreviousImages;
  /** The platforms of the cluster's nodes. */
  readonly platforms: ReadonlySet<string>;
}

const apps = (resource: string, kind: string): ApiResource => ({ group: 'apps', version: 'v1', resource, kind, namespaced: true });

/** The resources that create pods. Metadata is enough for those that another workload owns. */
const workloadResources: readonly (readonly [resource: ApiResource, metadataOnly: boolean])[] = [
  [apps('deployments', 'Deployment'), false],
  [apps('statefulsets', 'StatefulSet'), false],
  [apps('daemonsets', 'DaemonSet'), false],
  [{ ...RESOURCES.jobs, resource: 'cronjobs', kind: 'CronJob' }, false],
  [RESOURCES.jobs, true],
  [apps('replicasets', 'ReplicaSet'), true],
  [{ group: '', version: 'v1', resource: 'replicationcontrollers', kind: 'ReplicationController', namespaced: true }, true],
];

/** Lists the workloads, pods and namespaces in the policies' scopes. Throws the error of the API server if one list fails. */
export async function readImageScope(
  client: ListClient,
  policies: readonly SecurityPolicy[],
  {
    systemNamespaces,
    platforms,
    isVigilJob,
    before,
    signal,
  }: {
    readonly systemNamespaces: readonly string[];
    readonly platforms: NodePlatforms;
    /** Whether a workload is one of Vigil's Jobs in other namespaces. These are not scanned. */
    readonly isVigilJob: (target: RecordTarget) => boolean;
    /** The running images of the previous listing. */
    readonly before: PreviousImages;
    readonly signal: AbortSignal;
  },
): Promise<ImageScope> {
  if (policies.length === 0)
    return { policies: [], images: new Map(), users: new Map(), imagesByReference: new Map(), platforms: platforms.all() };
  const namespaces = new Map<string, NamespaceFacts>();
  for await (const { items } of listPages(client, RESOURCES.namespaces, { metadataOnly: true, signal }))
    for (const { metadata } of items) namespaces.set(metadata.name, { name: metadata.name, labels: metadata.labels ?? {} });
  const asking = policies.map((policy) => ({ policy, selects: selects(policy, systemNamespaces, namespaces) }));
  const inScope = (target: RecordTarget): boolean => !isVigilJob(target) && asking.some((each) => each.selects(target));
  const gathered = new ImageTargets(inScope, (node) => platforms.of(node), before);
  for (const [resource, metadataOnly] of workloadResources)
    await each(client, resource, { metadataOnly, signal }, (object) => gathered.addWorkload(object));
  await each(client, RESOURCES.pods, { signal }, (pod) => gathered.addPod(pod));
  const all = gathered.targets();
  const asked = asking.map((each) => ({ policy: each.policy, targets: all.filter(({ workload }) => each.selects(workload)) }));
  return {
    policies: asked,
    images: withPullModes(
      gathered.images(all),
      asked.map(({ policy, targets }) => ({ images: scannedImages(policy.spec), targets })),
    ),
    users: gathered.users(),
    imagesByReference: gathered.imagesByReference(all),
    platforms: platforms.all(),
  };
}

/** Returns whether a workload is in the policy's scope. */
function selects(
  { spec }: SecurityPolicy,
  systemNamespaces: readonly string[],
  namespaces: ReadonlyMap<string, NamespaceFacts>,
): (target: RecordTarget) => boolean {
  const scope = policyScope(spec.scope, systemNamespaces);
  return ({ namespace = '', labels = {} }) => {
    const facts = namespaces.get(namespace);
    return facts !== undefined && scope.includes({ namespace: facts, labels });
  };
}

/** Calls `take` for each object of a list, with its kind, which list items lack. Holds one page at a time. */
async function each(
  client: ListClient,
  resource: ApiResource,
  options: { readonly metadataOnly?: boolean; readonly signal: AbortSignal },
  take: (object: KubernetesObject) => void,
): Promise<void> {
  for await (const { items } of listPages<KubeObject>(client, resource, { ...options, limit: 250 }))
    for (const item of items) take({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind });
}
