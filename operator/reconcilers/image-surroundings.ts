import { apiVersionOf, RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { KubernetesObject } from '../engine/kubernetes-object.ts';
import { policyScope } from '../engine/policy-scope.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { imagesOf, imageTargets, type ImageNodes, type ImageTarget } from '../images/image-targets.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listAll, listPages } from '../kube/list.ts';

/** A policy that asks about images, with the workloads in its scope. */
export interface PolicyTargets {
  readonly policy: SecurityPolicy;
  readonly targets: readonly ImageTarget[];
}

/** What runs in the scope of policies that ask about images. */
export interface ImageSurroundings {
  readonly policies: readonly PolicyTargets[];
  readonly images: ImageNodes;
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

/** Reads the workloads, pods and namespaces that the policies look at. Throws what the server answers: half a world is none. */
export async function imageSurroundings(
  client: KubeClient,
  policies: readonly SecurityPolicy[],
  { systemNamespaces, signal }: { readonly systemNamespaces: readonly string[]; readonly signal: AbortSignal },
): Promise<ImageSurroundings> {
  const workloads: KubernetesObject[] = [];
  for (const [resource, metadataOnly] of workloadResources) workloads.push(...(await objects(client, resource, { metadataOnly, signal })));
  const pods = await objects(client, RESOURCES.pods, { signal });
  const namespaces = await listAll<KubeObject>(client, RESOURCES.namespaces, { metadataOnly: true, signal });
  const facts = new Map(namespaces.map(({ metadata: { name, labels = {} } }) => [name, { name, labels }]));
  const all = imageTargets(workloads, pods);
  const found = policies.map((policy) => {
    const scope = policyScope(policy.spec.scope, systemNamespaces);
    const targets = all.filter(({ workload: { namespace = '', labels = {} } }) => {
      const place = facts.get(namespace);
      return place !== undefined && scope.includes({ namespace: place, labels });
    });
    return { policy, targets };
  });
  return {
    policies: found,
    images: imagesOf(
      found.flatMap(({ targets }) => targets),
      pods,
    ),
  };
}

/** A list, whose items the server gives without their kind. */
async function objects(
  client: KubeClient,
  resource: ApiResource,
  options: { readonly metadataOnly?: boolean; readonly signal: AbortSignal },
): Promise<KubernetesObject[]> {
  const found: KubernetesObject[] = [];
  for await (const { items } of listPages<KubeObject>(client, resource, { ...options, limit: 250 }))
    for (const item of items) found.push({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind });
  return found;
}
