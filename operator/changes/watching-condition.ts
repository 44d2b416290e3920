import type { ConditionUpdate } from '../api/condition.ts';
import type { ApiResource } from '../api/api-resource.ts';
import { isForbidden } from '../kube/client/kube-api-error.ts';
import { messageOf } from '../kube/client/kube-request.ts';
import type { WatchedResources } from './on-change-dependencies.ts';

/** The state of the on-change evaluation that {@link watchingCondition} reports. */
export interface WatchingState {
  /** Whether no policy has been scanned yet. */
  readonly isStarting: boolean;
  /** Why the Scan of deferred targets cannot be created. */
  readonly problem: string | undefined;
}

/** Returns the Watching condition for a ScanSchedule. Pure. */
export function watchingCondition(
  watch: Pick<WatchedResources, 'problems' | 'ready' | 'indexes'>,
  { isStarting, problem }: WatchingState,
): ConditionUpdate {
  const type = 'Watching';
  const problems = watch.problems.map(([resource, error]) => problemText(resource, error));
  if (problem !== undefined) problems.push(problem);
  if (problems.length > 0) return { type, status: 'False', reason: 'Incomplete', message: problems.join('; ') };
  if (isStarting || !watch.ready) return { type, status: 'Unknown', reason: 'Starting', message: 'waiting for the first scan of a policy' };
  return { type, status: 'True', reason: 'Watching', message: `watching ${watch.indexes.size} kinds` };
}

function problemText({ group, resource }: ApiResource, error: unknown): string {
  const where = group === '' ? 'the core API group' : `API group ${group}`;
  const text = messageOf(error);
  if (isForbidden(error))
    return `cannot list and watch ${resource} in ${where}: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true" and vigil.dev/aggregate-to-watch: "true" (${text})`;
  return `${resource} in ${where} cannot be watched now: ${text}`;
}
