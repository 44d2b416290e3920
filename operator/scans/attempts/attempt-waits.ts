import type { Scan } from '../../api/scan.ts';
import type { JobPod } from '../../jobs/job-pod.ts';
import type { AgeOf, JobStateOptions } from '../../jobs/job-state.ts';
import type { Ledger, LedgerJob } from '../ledger/ledger.ts';
import { podDeadlineSeconds, WORKER_CONTAINER } from './scan-job.ts';

/** For how long the pods of an attempt may wait, and for what. */

/** How long a pod may be about to start before what it mounts is looked for, in milliseconds. */
const mountPatience = 10_000;

/** How the state of a scan's Job is read. `place`: milliseconds that a pod may wait for a node: its own deadline begins when it is placed. */
export const jobStateOptions = (ageOf: AgeOf, place: number): JobStateOptions => ({
  ageOf,
  container: WORKER_CONTAINER,
  patience: { place },
});

/** How long the pods of an attempt may wait for their place, in milliseconds. */
export const attemptDeadline = ({ spec }: Scan, { deadlineFactor }: LedgerJob): number =>
  podDeadlineSeconds(spec.scan ?? {}, deadlineFactor) * 1000;

/**
 * For how long a scan has waited of which no pod was ever placed, in milliseconds: also over a restart of the operator. 0 for one that
 * has got further.
 */
export function waitedWithoutNode({ jobs, scanned, failed, startTime }: Ledger, pods: readonly JobPod[], now: number): number {
  const placed = jobs.length > 1 || scanned + failed > 0 || pods.some(({ status }) => status?.phase !== 'Pending');
  return placed ? 0 : now - Date.parse(startTime);
}

/** Whether a pod has been on its way to its container for longer than that takes: what it mounts may be gone. */
export function isStuckCreating(pod: JobPod, ageOf: AgeOf): boolean {
  const { phase, containerStatuses = [] } = pod.status ?? {};
  const creating = phase === 'Pending' && containerStatuses.some(({ state }) => state?.waiting?.reason === 'ContainerCreating');
  return creating && ageOf(pod) > mountPatience;
}
