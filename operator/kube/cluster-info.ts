import type { ApiResource } from '../api/api-resource.ts';
import { discoverApi, serverVersion } from './discovery.ts';
import type { KubeClient } from './kube-client.ts';

/** What policies are compiled against. */
export interface ClusterInfo {
  /** Such as 1.36. */
  readonly kubernetesVersion: string;
  readonly resources: readonly ApiResource[];
  /** Group versions that are registered and whose server does not answer. */
  readonly unavailable?: readonly string[];
}

/** Returns the server's version and what it serves. Reads them again if they are older than a minute, or if `anew` is true. Throws what the server answers. */
export type ReadClusterInfo = (anew?: boolean) => Promise<ClusterInfo>;

/** Milliseconds that what was read is used for. */
const lifetime = 60_000;

/** A {@link ReadClusterInfo} of one API server. `onVersion` gets the version each time that it was read. */
export function clusterInfoReader(client: KubeClient, onVersion: (kubernetesVersion: string) => void): ReadClusterInfo {
  let known: { readonly at: number; readonly value: ClusterInfo } | undefined;
  return async (anew = false) => {
    if (!known || anew || performance.now() - known.at > lifetime) {
      const [kubernetesVersion, served] = await Promise.all([serverVersion(client), discoverApi(client)]);
      known = { at: performance.now(), value: { kubernetesVersion, ...served } };
      onVersion(kubernetesVersion);
    }
    return known.value;
  };
}
