import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ClusterSecurityException, SecurityException } from '../api/kinds/security-exception.ts';
import type { ImageApproval } from '../api/kinds/image-approval.ts';
import type { Reflector } from '../kube/watch/reflector.ts';
import type { WatchSet } from './watch-set.ts';

/** The caches of exceptions, of approvals, and of Namespaces with their labels. */
export interface ExceptionWatches {
  readonly exceptions: Reflector<SecurityException>;
  readonly clusterExceptions: Reflector<ClusterSecurityException>;
  readonly approvals: Reflector<ImageApproval>;
  readonly namespaces: Reflector<KubeObject>;
  /** Whether the initial lists of exceptions and Namespaces are complete. */
  readonly isComplete: () => boolean;
}

/** Adds the watches that exceptions and approvals need. The operator works without their kinds. */
export function exceptionWatches(watches: WatchSet): ExceptionWatches {
  const exceptions = watches.add<SecurityException>(RESOURCES.exceptions, { optional: true });
  const clusterExceptions = watches.add<ClusterSecurityException>(RESOURCES.clusterExceptions, { optional: true });
  const approvals = watches.add<ImageApproval>(RESOURCES.imageApprovals, { optional: true });
  const namespaces = watches.add<KubeObject>(RESOURCES.namespaces, { optional: true, metadataOnly: true, transform: labelsOnly });
  const isComplete = (): boolean => [exceptions, clusterExceptions, namespaces].every(({ synced }) => synced);
  return { exceptions, clusterExceptions, approvals, namespaces, isComplete };
}

const labelsOnly = ({ metadata: { name, uid = '', resourceVersion = '', labels } }: KubeObject): KubeObject => ({
  metadata: { name, uid, resourceVersion, ...(labels ? { labels } : {}) },
});
