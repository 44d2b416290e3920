import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isForbidden } from '../kube/client/kube-api-error.ts';
import { listAll, type ListClient } from '../kube/list.ts';
import type { JobPod } from './job-pod.ts';

/** An Event about a Job or its pod, written by the Job controller, the scheduler or the kubelet. */
export interface JobEvent extends KubeObject {
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly lastObservedTime?: string } | null;
}

/** When an Event was last observed, in milliseconds since the epoch; NaN if it has no time. */
function timeOf({ series, lastTimestamp, eventTime, metadata }: JobEvent): number {
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '');
}

/** The Events about a Job or a pod, the latest last. Empty if the account cannot list Events: they only explain. */
export async function eventsAbout(client: ListClient, namespace: string, { metadata: { uid = '' } }: KubeObject): Promise<JobEvent[]> {
  try {
    const found = await listAll<JobEvent>(client, RESOURCES.events, { namespace, fieldSelector: `involvedObject.uid=${uid}` });
    return found.toSorted((a, b) => (timeOf(a) || 0) - (timeOf(b) || 0));
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}

/**
 * Why the Job controller cannot create another pod, from the Events about the Job; undefined if no Event reports it. If a quota, Pod
 * Security or an admission policy refuses the pods of a Job, only an Event shows it. Pure.
 */
export function refusalIn(events: readonly JobEvent[], pods: readonly JobPod[]): string | undefined {
  // Refusals before the creation of the latest pod no longer apply.
  const latest = Math.max(0, ...pods.map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? '') || 0));
  return events.findLast((event) => event.reason === 'FailedCreate' && !(timeOf(event) < latest))?.message;
}

/** Whether a refusal is by a ResourceQuota, which may have room later. Only the message shows it. */
export const isQuota = (refusal: string): boolean => /exceeded quota/.test(refusal);
