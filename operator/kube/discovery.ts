import type { ApiResource } from '../api/api-resource.ts';
import type { ListClient } from './list.ts';

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

/** The resources that an API server serves. */
export interface ServedApi {
  /** Every listable resource in every version. The preferred version of each comes first. */
  readonly resources: readonly ApiResource[];
  /** Registered group versions whose API server does not answer, such as `metrics.k8s.io/v1beta1`. */
  readonly unavailable: readonly string[];
}

/** Reads the served resources by aggregated discovery: two requests, Kubernetes 1.30 and later. */
export async function discoverApi(client: ListClient): Promise<ServedApi> {
  const lists = await Promise.all(['/api', '/apis'].map((path) => client.call<{ items?: readonly GroupDiscovery[] }>({ path, accept })));
  const groups = lists.flatMap(({ items }) => items ?? []);
  return { resources: groups.flatMap(resourcesOf), unavailable: groups.flatMap(unavailableOf) };
}

/** Returns every listable resource in every available version. The preferred version of each comes first. */
export async function discoverResources(client: ListClient): Promise<readonly ApiResource[]> {
  return (await discoverApi(client)).resources;
}

/** A stale version comes from the cache of the aggregator: its API server does not answer, so it cannot be listed. */
const isStale = ({ freshness }: { readonly freshness?: string }): boolean => freshness === 'Stale';

/** The listable resources of one group. The first version that serves a resource is the preferred one. */
function resourcesOf({ metadata: { name: group = '' }, versions = [] }: GroupDiscovery): ApiResource[] {
  return versions
    .filter((version) => !isStale(version))
    .flatMap(({ version, resources = [] }) =>
      resources
        .filter(({ verbs }) => verbs?.includes('list'))
        .map(({ resource, scope, responseKind }): ApiResource => {
          return { group, version, resource, kind: responseKind?.kind ?? '', namespaced: scope === 'Namespaced' };
        }),
    );
}

const unavailableOf = ({ metadata: { name = '' }, versions = [] }: GroupDiscovery): string[] =>
  versions.filter(isStale).map(({ version }) => `${name}/${version}`);

/** Reads the minor version of the server, such as `1.36`. */
export async function serverVersion(client: ListClient): Promise<string> {
  const { major, minor } = await client.call<{ major: string; minor: string }>({ path: '/version' });
  return `${major}.${minor.replace(/[^0-9].*$/, '')}`;
}
