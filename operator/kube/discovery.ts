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

/** What an API server serves, and what it should. */
export interface ServedApi {
  /** Every listable resource in every version, the preferred one of each first. */
  readonly resources: readonly ApiResource[];
  /** Group versions that are registered and whose server does not answer, such as `metrics.k8s.io/v1beta1`. */
  readonly unavailable: readonly string[];
}

/** What is served, by aggregated discovery (two requests; Kubernetes 1.30 and later). */
export async function discoverApi(client: KubeClient): Promise<ServedApi> {
  const lists = await Promise.all(['/api', '/apis'].map((path) => client.call<{ items?: readonly GroupDiscovery[] }>({ path, accept })));
  const groups = lists.flatMap(({ items }) => items ?? []);
  return { resources: groups.flatMap(resourcesOf), unavailable: groups.flatMap(unavailableOf) };
}

/** Every listable resource in every version that is served and answers, the preferred one of each first. */
export async function discoverResources(client: KubeClient): Promise<readonly ApiResource[]> {
  return (await discoverApi(client)).resources;
}

/** What the server remembers of a version whose own server does not answer may be listed by nobody. */
const isStale = ({ freshness }: { readonly freshness?: string }): boolean => freshness === 'Stale';

/** The listable resources of one group; the first version that serves one is the preferred one. */
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

/** The server's minor version as `1.36`. */
export async function serverVersion(client: KubeClient): Promise<string> {
  const { major, minor } = await client.call<{ major: string; minor: string }>({ path: '/version' });
  return `${major}.${minor.replace(/[^0-9].*$/, '')}`;
}
