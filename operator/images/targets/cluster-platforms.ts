import { RESOURCES } from '../../api/api-resource.ts';
import { NodePlatforms } from './node-platforms.ts';
import { isForbidden } from '../../kube/client/kube-api-error.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import type { Logger } from '../../telemetry/logger.ts';

/**
 * Lists the platforms of the nodes. If the operator cannot list nodes, returns no platforms and logs a warning: images are then not
 * separated by platform.
 */
export async function clusterPlatforms(
  { client, log }: { readonly client: ListClient; readonly log: Pick<Logger, 'warn'> },
  signal: AbortSignal,
): Promise<NodePlatforms> {
  const platforms = new NodePlatforms();
  try {
    for await (const { items } of listPages(client, RESOURCES.nodes, { metadataOnly: true, signal }))
      for (const node of items) platforms.add(node);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    log.warn({ err: error }, 'listing nodes is forbidden: images are not separated by platform');
    return new NodePlatforms();
  }
  return platforms;
}
