import type { KubeObject } from '../api/metadata.ts';
import { podOutcome, type JobFailure } from './job-failure.ts';
import { hasEnded, hasSucceeded, type JobPod, type StatusCondition } from './job-pod.ts';

/** The fields of a Job that decide the state of its indexes. */
export interface JobObject extends KubeObject {
  readonly status?: {
    readonly startTime?: string;
    readonly active?: number;
    readonly completedIndexes?: string;
    readonly failedIndexes?: string;
    readonly conditions?: readonly StatusCondition[];
  };
}

/** Why a Job does not progress now. `reason`: one CamelCase word. */
export interface JobHold {
  readonly reason: string;
  readonly message: string;
}

/** The state of one index of a Job. */
export type IndexState =
  /** It runs or will run. `hold`: why it does not, while Kubernetes retries. */
  | { readonly kind: 'waiting'; readonly hold?: JobHold }
  /** The log of the pod contains the result. */
  | { readonly kind: 'finished'; readonly pod: JobPod }
  /** Kubernetes does not retry it. */
  | ({ readonly kind: 'failed' } & JobFailure);

/** Milliseconds since this process first observed an object. */
export type AgeOf = (object: KubeObject) => number;

/** The longest times for which a pod may not start before its attempt fails, in milliseconds since the problem was first observed. */
export interface PodPatience {
  /** Without a node. */
  readonly place: number;
  /** Without an image or a starting container, while the kubelet retries. Default: 90,000. */
  readonly start?: number;
}

/** The options of {@link JobState}. */
export interface JobStateOptions {
  readonly ageOf: AgeOf;
  /** The name of the main container. */
  readonly container: string;
  readonly patience: PodPatience;
}

const usualStart = 90_000;
/** Milliseconds for which a pod may be terminating before its node counts as lost. The grace period is five seconds. */
const lossPatience = 60_000;
const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

/** The numbers of a Job's index list, such as `0,2-5`. */
export function indexesOf(text: string | undefined): ReadonlySet<number> {
  const found = new Set<number>();
  for (const part of (text ?? '').split(',').filter((piece) => piece !== '')) {
    const [from = Number.NaN, to = from] = part.split('-').map(Number);
    for (let index = from; index <= to; index++) found.add(index);
  }
  return found;
}

const conditionOf = ({ status }: JobObject, ...types: readonly string[]): StatusCondition | undefined =>
  status?.conditions?.find(({ type, status: holds }) => types.includes(type) && holds === 'True');

const createdAt = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? '');

/** Whether a Job that has not ended has no active pod: no pod exists, or all have ended and the next one does not exist. */
export function isIdle(job: JobObject, pods: readonly JobPod[]): boolean {
  const ended = conditionOf(job, 'Complete', 'Failed') !== undefined;
  return !ended && (job.status?.active ?? 0) === 0 && pods.every(hasEnded);
}

/** Whether a Job with this number of indexes creates no more pods. */
export function isOver(job: JobObject, indexes: number): boolean {
  if (conditionOf(job, 'Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet')) return true;
  const { completedIndexes, failedIndexes } = job.status ?? {};
  return indexesOf(completedIndexes).size + indexesOf(failedIndexes).size >= indexes;
}

/** Whether a Job has ended and failed. */
export const hasFailed = (job: JobObject): boolean => conditionOf(job, 'Failed', 'FailureTarget') !== undefined;

/**
 * Derives the state of each index from the statuses of a Job and its pods. A Job without indexes has the index 0. Pure except for `ageOf`.
 */
export class JobState {
  readonly #job: JobObject;
  readonly #pods: ReadonlyMap<number, readonly JobPod[]>;
  readonly #reading: JobStateOptions;
  readonly #completed: ReadonlySet<number>;
  readonly #failed: ReadonlySet<number>;

  /** @param pods Only the Job's own pods: see `JobRunner.podsOf`. */
  constructor(job: JobObject, pods: readonly JobPod[], reading: JobStateOptions) {
    this.#job = job;
    this.#reading = reading;
    this.#completed = indexesOf(job.status?.completedIndexes);
    this.#failed = indexesOf(job.status?.failedIndexes);
    this.#pods = Map.groupBy(
      pods.toSorted((a, b) => createdAt(a) - createdAt(b)),
      ({ metadata }) => Number(metadata.annotations?.[indexAnnotation] ?? 0),
    );
  }

  /** The state of an index. */
  of(index: number): IndexState {
    const pods = this.#pods.get(index) ?? [];
    const pod = pods.at(-1);
    const finished = pods.findLast(hasSucceeded);
    if (finished) return { kind: 'finished', pod: finished };
    const ended = conditionOf(this.#job, 'Failed', 'Complete');
    if (this.#completed.has(index) || ended?.type === 'Complete')
      return { kind: 'failed', class: 'LogLost', message: 'the pod succeeded, but was deleted with its log' };
    if (this.#failed.has(index) || ended) return { kind: 'failed', ...this.#failureOf(pod, ended) };
    return pod ? this.#running(pod) : { kind: 'waiting' };
  }

  #running(pod: JobPod): IndexState {
    if (pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Failed') return this.#leaving(pod);
    const outcome = podOutcome(pod, this.#reading.container);
    // A failed pod may be replaced: the Job's status decides.
    if (outcome.kind !== 'held') return { kind: 'waiting' };
    const { place, start = usualStart } = this.#reading.patience;
    const isPlacing = outcome.class === 'Unschedulable';
    if (this.#since(pod, isPlacing ? 'placing' : 'starting') >= (isPlacing ? place : start))
      return { kind: 'failed', class: outcome.class, message: outcome.message };
    return { kind: 'waiting', hold: { reason: outcome.class, message: outcome.message } };
  }

  /** A terminating pod. Kubernetes creates no replacement before the node reports that it has stopped, and a lost node never does. */
  #leaving(pod: JobPod): IndexState {
    const message = `pod ${pod.metadata.name} is being deleted, and its node does not report that it has stopped`;
    const age = this.#since(pod, 'leaving');
    if (age > lossPatience) return { kind: 'failed', class: 'Disrupted', message };
    return age > lossPatience / 4 ? { kind: 'waiting', hold: { reason: 'Disrupted', message } } : { kind: 'waiting' };
  }

  /** Milliseconds since a pod was first observed with this problem, independent of the age of the pod. */
  #since({ metadata: { name, uid = '' } }: JobPod, plight: string): number {
    return this.#reading.ageOf({ metadata: { name, uid: `${uid}/${plight}` } });
  }

  /** Why an index failed that is not retried. */
  #failureOf(pod: JobPod | undefined, ended: StatusCondition | undefined): JobFailure {
    const outcome = pod && podOutcome(pod, this.#reading.container);
    if (outcome?.kind === 'failed') return { class: outcome.class, message: outcome.message };
    return {
      class: ended?.reason === 'DeadlineExceeded' ? 'DeadlineExceeded' : 'Disrupted',
      message: ended?.message ?? 'the pod was deleted',
    };
  }
}
