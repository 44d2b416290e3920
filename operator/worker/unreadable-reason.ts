import type { ApiResource } from '../api/api-resource.ts';
import { isForbidden, isNotFound } from '../kube/client/kube-api-error.ts';

/**
 * Returns why a kind could not be read. A missing permission has the same text for every caller and place, because the text is part of
 * results in reports and another text would be another result.
 */
export function unreadableReason({ group, resource }: Pick<ApiResource, 'group' | 'resource'>, error: unknown): string {
  const where = group === '' ? 'the core API group' : `API group ${group}`;
  if (isNotFound(error)) return `${resource} in ${where} is no longer served by this cluster`;
  if (isForbidden(error))
    return `cannot list ${resource} in ${where}: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true"`;
  return error instanceof Error ? error.message : String(error);
}
