import type { Cluster } from './cluster-scan.ts';
import { UsageError } from './input/usage-error.ts';

/**
 * Connects to the cluster of --context, and closes the connections after `use` settled. Throws {@link UsageError} if the cluster cannot be
 * reached.
 */
export async function onCluster<T>(context: string | undefined, use: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = await connected(context);
  try {
    return await use(cluster);
  } finally {
    await cluster.client.credentials.close();
  }
}

async function connected(context: string | undefined): Promise<Cluster> {
  const { connectCluster, ClusterConnectionError } = await import('./cluster-scan.ts');
  try {
    return await connectCluster(context);
  } catch (failure) {
    if (!(failure instanceof ClusterConnectionError)) throw failure;
    throw new UsageError(`--cluster: ${failure.message}`);
  }
}
