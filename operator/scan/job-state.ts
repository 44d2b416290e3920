import type { KubeObject } from '../api/metadata.ts';
import { attemptOutcome, type AttemptClass, type FailureClass, type WorkerPod } from './attempt.ts';
import type { ScanHold } from '../api/scan-hold.ts';

/** The part of a Job that tells how its indexes stand. */
export interface ScanJob extends KubeObject {
  readonly status?: {
    readonly startTime?: string;
    readonly active?: number;
    readonly completedIndexes?: string;
    readonly failedIndexes?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** How one index of a Job stands. */
export type IndexState =
  | { readonly kind: 'waiting'; readonly hold?: ScanHold }
  | { readonly kind: 'finished'; readonly pod: WorkerPod }
  | { readonly kind: 'failed'; readonly class: FailureClass; readonly message: string };

/** Milliseconds that an object has been seen for. */
export type AgeOf = (object: KubeObject) => number;

/** How long an image may fail to be pulled before the attempt is given up, in milliseconds: the kubelet tries again meanwhile. */
const pullPatience = 90_000;
/** How long a pod may be on its way out before its node counts as lost, in milliseconds: its own grace is five seconds. */
const lossPatience = 60_000;

/** The numbers of a Job's index list, such as `0,2-5`. */
export function indexesOf(text: string | undefined): ReadonlySet<number> {
  const found = new Set<number>();
  for (const part of (text ?? '').split(',').filter((piece) => piece !== '')) {
    const [from = Number.NaN, to = from] = part.split('-').map(Number);
    for (let index = from; index <= to; index++) found.add(index);
  }
  return found;
}

const conditionOf = (
  { status }: ScanJob,
  ...types: readonly string[]
): NonNullable<NonNullable<ScanJob['status']>['conditions']>[number] | undefined =>
  status?.conditions?.find(({ type, status: holds }) => types.includes(type) && holds === 'True');

const createdAt = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? '');

/** Whether a Job that has not ended has nothing at work: no pod was made yet, or all have ended and the next was not made. */
export function isIdle(job: ScanJob, pods: readonly WorkerPod[]): boolean {
  const ended = conditionOf(job, 'Complete', 'Failed') !== undefined;
  const atWork = pods.some(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
  return !ended && (job.status?.active ?? 0) === 0 && !atWork;
}

/** Whether a Job of so many indexes makes no more pods, whatever happens. */
export function isOver(job: ScanJob, indexes: number): boolean {
  if (conditionOf(job, 'Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet')) return true;
  const { completedIndexes, failedIndexes } = job.status ?? {};
  return indexesOf(completedIndexes).size + indexesOf(failedIndexes).size >= indexes;
}

/** Reads every index of a Job off the Job and its pods. */
export class JobState {
  readonly #job: ScanJob;
  readonly #pods = new Map<number, WorkerPod[]>();
  readonly #ageOf: AgeOf;
  readonly #completed: ReadonlySet<number>;
  readonly #failed: ReadonlySet<number>;

  constructor(job: ScanJob, pods: readonly WorkerPod[], ageOf: AgeOf) {
    this.#job = job;
    this.#ageOf = ageOf;
    this.#completed = indexesOf(job.status?.completedIndexes);
    this.#failed = indexesOf(job.status?.failedIndexes);
    for (const pod of pods) {
      const index = Number(pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index']);
      const known = this.#pods.get(index);
      if (known) known.push(pod);
      else this.#pods.set(index, [pod]);
    }
  }

  /** How an index stands. */
  of(index: number): IndexState {
    const pods = (this.#pods.get(index) ?? []).toSorted((a, b) => createdAt(a) - createdAt(b));
    const finished = pods.findLast(({ status }) => status?.phase === 'Succeeded');
    if (finished) return { kind: 'finished', pod: finished };
    if (this.#completed.has(index)) return { kind: 'failed', class: 'LogLost', message: 'its pod finished and is gone, with its log' };
    const ended = conditionOf(this.#job, 'Failed', 'Complete');
    if (this.#failed.has(index) || ended) return failureOf(pods.at(-1), ended);
    return this.#running(pods.at(-1));
  }

  #running(pod: WorkerPod | undefined): IndexState {
    if (!pod) return { kind: 'waiting' };
    if (pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Failed') return this.#leaving(pod);
    const outcome = attemptOutcome(pod);
    if (outcome.class === 'PullError' && this.#ageOf(pod) > pullPatience) return { kind: 'failed', ...outcome, class: 'PullError' };
    if (outcome.class === 'PullError' || outcome.class === 'Unschedulable')
      return { kind: 'waiting', hold: { reason: outcome.class, message: outcome.message } };
    return { kind: 'waiting' };
  }

  /** A pod that is being deleted: Kubernetes makes no other before the node says that it has ended, which a lost node never does. */
  #leaving({ metadata: { name, uid = '' } }: WorkerPod): IndexState {
    const message = `pod ${name} is being deleted, and its node does not say that it has ended`;
    // Apart from the pod's own age.
    const age = this.#ageOf({ metadata: { name, uid: `${uid}/leaving` } });
    if (age > lossPatience) return { kind: 'failed', class: 'Disrupted', message };
    return age > lossPatience / 4 ? { kind: 'waiting', hold: { reason: 'Disrupted', message } } : { kind: 'waiting' };
  }
}

/** Why an index that is not tried again failed. */
function failureOf(pod: WorkerPod | undefined, ended: { readonly reason?: string; readonly message?: string } | undefined): IndexState {
  const outcome = pod ? attemptOutcome(pod) : undefined;
  if (outcome && isFailure(outcome.class)) return { kind: 'failed', class: outcome.class, message: outcome.message };
  return {
    kind: 'failed',
    class: ended?.reason === 'DeadlineExceeded' ? 'DeadlineExceeded' : 'Disrupted',
    message: ended?.message ?? 'its pod is gone',
  };
}

const isFailure = (outcome: AttemptClass): outcome is Exclude<AttemptClass, 'Running' | 'Succeeded'> =>
  outcome !== 'Running' && outcome !== 'Succeeded';
