import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ClusterSecurityException, SecurityException } from '../api/kinds/security-exception.ts';
import type { ImageApproval } from '../api/kinds/image-approval.ts';
import type { Runnable } from '../controller/lifecycle.ts';
import { isForbidden, isNotFound } from '../kube/client/kube-api-error.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';
import { Reflector, type ReflectorOptions } from '../kube/watch/reflector.ts';
import type { WatchClient } from '../kube/watch/watch-stream.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The caches of exceptions, of approvals, and of Namespaces with their labels. */
export interface ExceptionWatches {
  readonly exceptions: Reflector<SecurityException>;
  readonly clusterExceptions: Reflector<ClusterSecurityException>;
  readonly approvals: Reflector<ImageApproval>;
  readonly namespaces: Reflector<KubeObject>;
  /** Whether the initial lists of exceptions and Namespaces are complete. */
  readonly isComplete: () => boolean;
  /** The watches as runnables, to be started before the controllers. */
  readonly runnables: readonly Runnable[];
}

/**
 * Creates the watches that exceptions and approvals need. If the CRD of a kind is not installed, or the operator may not list it, the start does not wait
 * for it: the watch goes on and finds exceptions once it can.
 */
export function exceptionWatches(
  client: WatchClient,
  {
    log,
    silence,
    onChange,
  }: {
    readonly log: Logger;
    readonly silence: number;
    readonly onChange: (resource: ApiResource, type: ChangeType, object: KubeObject) => void;
  },
): ExceptionWatches {
  const runnables: Runnable[] = [];
  const watch = <T extends KubeObject>(
    resource: ApiResource,
    some: Pick<ReflectorOptions<T>, 'transform' | 'metadataOnly'> = {},
  ): Reflector<T> => {
    const missing = Promise.withResolvers<undefined>();
    const reflector: Reflector<T> = new Reflector<T>(client, resource, {
      ...some,
      silence,
      onChange: (type, object) => onChange(resource, type, object),
      onError: (error) => {
        if (isNotFound(error) || isForbidden(error)) missing.resolve(undefined);
        log.warn({ err: error, resource: resource.resource }, 'watch failed; retrying');
      },
    });
    runnables.push({
      name: `watch ${resource.resource}`,
      start: async (signal) => {
        reflector.start();
        await Promise.race([reflector.whenSynced(signal), missing.promise]);
      },
      stop: () => reflector.stop(),
    });
    return reflector;
  };
  const exceptions = watch<SecurityException>(RESOURCES.exceptions);
  const clusterExceptions = watch<ClusterSecurityException>(RESOURCES.clusterExceptions);
  const approvals = watch<ImageApproval>(RESOURCES.imageApprovals);
  const namespaces = watch<KubeObject>(RESOURCES.namespaces, { metadataOnly: true, transform: labelsOnly });
  const isComplete = (): boolean => [exceptions, clusterExceptions, namespaces].every(({ synced }) => synced);
  return { exceptions, clusterExceptions, approvals, namespaces, isComplete, runnables };
}

const labelsOnly = ({ metadata: { name, uid = '', resourceVersion = '', labels } }: KubeObject): KubeObject => ({
  metadata: { name, uid, resourceVersion, ...(labels ? { labels } : {}) },
});
