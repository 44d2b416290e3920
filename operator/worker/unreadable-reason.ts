import type { ApiResource } from '../api/api-resource.ts';
import { isForbidden, isNotFound } from '../kube/kube-api-error.ts';

/**
 * Why a kind could not be read. Where the account may not, it says so in the same words whoever asked and where: these words go into results of
 * reports, and other words would be another result.
 */
export function unreadableReason({ group, resource }: Pick<ApiResource, 'group' | 'resource'>, error: unknown): string {
  const where = group === '' ? 'the core API group' : `API group ${group}`;
  if (isNotFound(error)) return `${resource} in ${where} is not served by this cluster any more`;
  if (isForbidden(error))
    return `may not list ${resource} in ${where}: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true"`;
  return error instanceof Error ? error.message : String(error);
}
