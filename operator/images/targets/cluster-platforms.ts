import { RESOURCES } from '../../api/api-resource.ts';
import { NodePlatforms } from './node-platforms.ts';
import { isForbidden } from '../../kube/kube-api-error.ts';
import { listPages } from '../../kube/list.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** The platforms of the nodes, by their metadata. Where these may not be listed, images are not told apart by platform, and the log says so. */
export async function clusterPlatforms(
  { client, log }: { readonly client: KubeClient; readonly log: Pick<Logger, 'warn'> },
  signal: AbortSignal,
): Promise<NodePlatforms> {
  const platforms = new NodePlatforms();
  try {
    for await (const { items } of listPages(client, RESOURCES.nodes, { metadataOnly: true, signal }))
      for (const node of items) platforms.add(node);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    log.warn({ err: error }, 'the platforms of images are not told apart: the operator may not list nodes');
    return new NodePlatforms();
  }
  return platforms;
}
