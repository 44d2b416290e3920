import type { ApiResource } from '../api/api-resource.ts';
import type { ListClient } from './list.ts';
import { discoverApi, serverVersion } from './discovery.ts';

/** The API that policies are compiled against. */
export interface ClusterInfo {
  /** The minor version, such as 1.36. */
  readonly kubernetesVersion: string;
  readonly resources: readonly ApiResource[];
  /** Registered group versions whose API server does not answer. */
  readonly unavailable?: readonly string[];
}

/** Returns the version and the resources of the API server, from a cache of a minute. `refresh` skips the cache. Throws `KubeApiError`. */
export type ReadClusterInfo = (refresh?: boolean) => Promise<ClusterInfo>;

/** Lifetime of the cache in milliseconds. */
const lifetime = 60_000;

/** Creates a {@link ReadClusterInfo} for one API server. Calls `onVersion` each time the version was read. */
export function clusterInfoReader(client: ListClient, onVersion: (kubernetesVersion: string) => void): ReadClusterInfo {
  let known: { readonly at: number; readonly value: ClusterInfo } | undefined;
  return async (refresh = false) => {
    if (!known || refresh || performance.now() - known.at > lifetime) {
      const [kubernetesVersion, served] = await Promise.all([serverVersion(client), discoverApi(client)]);
      known = { at: performance.now(), value: { kubernetesVersion, ...served } };
      onVersion(kubernetesVersion);
    }
    return known.value;
  };
}
