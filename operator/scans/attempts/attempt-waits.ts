import type { Scan } from '../../api/kinds/scan.ts';
import type { JobPod } from '../../jobs/job-pod.ts';
import type { AgeOf, JobStateOptions } from '../../jobs/job-state.ts';
import type { Ledger, LedgerJob } from '../ledger/ledger.ts';
import { podDeadlineSeconds, WORKER_CONTAINER } from './scan-job.ts';

/** The time limits for the pods of an attempt. */

/** Milliseconds that a container may be in ContainerCreating before the ConfigMaps that it mounts are checked. */
const mountPatience = 10_000;

/**
 * The options for reading the state of a scan's Job. `place`: milliseconds that a pod may wait for a node. Its own deadline starts when it
 * is scheduled.
 */
export const jobStateOptions = (ageOf: AgeOf, place: number): JobStateOptions => ({
  ageOf,
  container: WORKER_CONTAINER,
  patience: { place },
});

/** Milliseconds that the pods of an attempt may wait for a node. */
export const attemptDeadline = ({ spec }: Scan, { deadlineFactor }: LedgerJob): number =>
  podDeadlineSeconds(spec.scan ?? {}, deadlineFactor) * 1000;

/**
 * Milliseconds since the start of a scan whose pods were never scheduled to a node, including time before a restart of the operator. 0
 * after any pod was scheduled.
 */
export function waitedWithoutNode(ledger: Ledger, pods: readonly JobPod[], now: number): number {
  const { jobs, scanned, failed, carriedOver, startTime } = ledger;
  const placed =
    jobs.length > 1 || scanned + failed > (carriedOver?.targets ?? 0) || pods.some(({ status }) => status?.phase !== 'Pending');
  return placed ? 0 : now - Date.parse(startTime);
}

/** Whether a pod has been in ContainerCreating for too long. A ConfigMap that it mounts may have been deleted. */
export function isStuckCreating(pod: JobPod, ageOf: AgeOf): boolean {
  const { phase, containerStatuses = [] } = pod.status ?? {};
  const creating = phase === 'Pending' && containerStatuses.some(({ state }) => state?.waiting?.reason === 'ContainerCreating');
  return creating && ageOf(pod) > mountPatience;
}
