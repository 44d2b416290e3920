import type { ApiResource } from '../api/api-resource.ts';
import type { KubeClient } from './kube-client.ts';

interface GroupDiscovery {
  readonly metadata: { readonly name?: string };
  readonly versions?: readonly {
    readonly version: string;
    readonly freshness?: string;
    readonly resources?: readonly ResourceDiscovery[];
  }[];
}
interface ResourceDiscovery {
  readonly resource: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly responseKind?: { readonly group?: string; readonly version?: string; readonly kind: string };
  readonly verbs?: readonly string[];
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Every listable resource in its preferred version, by aggregated discovery (two requests; Kubernetes 1.30 and later). */
export async function discoverResources(client: KubeClient): Promise<ApiResource[]> {
  const lists = await Promise.all(['/api', '/apis'].map((path) => client.call<{ items?: readonly GroupDiscovery[] }>({ path, accept })));
  return lists.flatMap(({ items }) => items ?? []).flatMap(resourcesOf);
}

/** The listable resources of one group; the first version that serves one is the preferred one. */
function resourcesOf({ metadata: { name = '' }, versions = [] }: GroupDiscovery): ApiResource[] {
  const found = new Map<string, ApiResource>();
  for (const { version, resources = [] } of versions) {
    for (const { resource, scope, responseKind } of resources.filter(({ verbs }) => verbs?.includes('list'))) {
      if (found.has(resource)) continue;
      found.set(resource, { group: name, version, resource, kind: responseKind?.kind ?? '', namespaced: scope === 'Namespaced' });
    }
  }
  return [...found.values()];
}

/** The server's minor version as `1.36`. */
export async function serverVersion(client: KubeClient): Promise<string> {
  const { major, minor } = await client.call<{ major: string; minor: string }>({ path: '/version' });
  return `${major}.${minor.replace(/[^0-9].*$/, '')}`;
}
