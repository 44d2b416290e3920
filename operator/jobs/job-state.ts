import type { KubeObject } from '../api/metadata.ts';
import { podOutcome, type JobFailure } from './job-failure.ts';
import { hasEnded, type JobPod, type StatusCondition } from './job-pod.ts';

/** A Job, as far as it says how its indexes stand. */
export interface JobObject extends KubeObject {
  readonly status?: {
    readonly startTime?: string;
    readonly active?: number;
    readonly completedIndexes?: string;
    readonly failedIndexes?: string;
    readonly conditions?: readonly StatusCondition[];
  };
}

/** What keeps a Job from going on for now. `reason`: one CamelCase word. */
export interface JobHold {
  readonly reason: string;
  readonly message: string;
}

/** How one index of a Job stands. */
export type IndexState =
  /** It works, or is about to. `hold`: what keeps it from that, while Kubernetes goes on trying. */
  | { readonly kind: 'waiting'; readonly hold?: JobHold }
  /** Its result is in the log of the pod. */
  | { readonly kind: 'finished'; readonly pod: JobPod }
  /** Kubernetes does not try it again. */
  | ({ readonly kind: 'failed' } & JobFailure);

/** Milliseconds since this process saw an object first. */
export type AgeOf = (object: KubeObject) => number;

/** For how long a pod may be kept from starting before its attempt is given up, in milliseconds since that was first seen. */
export interface PodPatience {
  /** Without a node. */
  readonly place: number;
  /** Without an image, or without a container that starts: the kubelet tries again meanwhile. Default: 90,000. */
  readonly start?: number;
}

/** What reading the state of a Job needs beside the Job and its pods. */
export interface JobStateOptions {
  readonly ageOf: AgeOf;
  /** The name of the container that does the work. */
  readonly container: string;
  readonly patience: PodPatience;
}

const usualStart = 90_000;
/** How long a pod may be on its way out before its node counts as lost, in milliseconds: its own grace is five seconds. */
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

/** Whether a Job that has not ended has nothing at work: no pod was made yet, or all have ended and the next was not made. */
export function isIdle(job: JobObject, pods: readonly JobPod[]): boolean {
  const ended = conditionOf(job, 'Complete', 'Failed') !== undefined;
  return !ended && (job.status?.active ?? 0) === 0 && pods.every(hasEnded);
}

/** Whether a Job of so many indexes makes no more pods, whatever happens. */
export function isOver(job: JobObject, indexes: number): boolean {
  if (conditionOf(job, 'Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet')) return true;
  const { completedIndexes, failedIndexes } = job.status ?? {};
  return indexesOf(completedIndexes).size + indexesOf(failedIndexes).size >= indexes;
}

/** Reads how every index of a Job stands from the statuses of the Job and its pods. A Job without indexes has the index 0. Pure but for `ageOf`. */
export class JobState {
  readonly #job: JobObject;
  readonly #pods: ReadonlyMap<number, readonly JobPod[]>;
  readonly #reading: JobStateOptions;
  readonly #completed: ReadonlySet<number>;
  readonly #failed: ReadonlySet<number>;

  /** @param pods The Job's own alone: see `JobRunner.podsOf`. */
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

  /** How an index stands. */
  of(index: number): IndexState {
    const pods = this.#pods.get(index) ?? [];
    const pod = pods.at(-1);
    const finished = pods.findLast(({ status }) => status?.phase === 'Succeeded');
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
    // A pod that has failed may be replaced: the Job says when it is not.
    if (outcome.kind !== 'held') return { kind: 'waiting' };
    const { place, start = usualStart } = this.#reading.patience;
    const isPlacing = outcome.class === 'Unschedulable';
    if (this.#since(pod, isPlacing ? 'placing' : 'starting') >= (isPlacing ? place : start))
      return { kind: 'failed', class: outcome.class, message: outcome.message };
    return { kind: 'waiting', hold: { reason: outcome.class, message: outcome.message } };
  }

  /** A pod that is being deleted: Kubernetes makes no other before the node says that it has ended, which a lost node never does. */
  #leaving(pod: JobPod): IndexState {
    const message = `pod ${pod.metadata.name} is being deleted, and its node does not report that it has stopped`;
    const age = this.#since(pod, 'leaving');
    if (age > lossPatience) return { kind: 'failed', class: 'Disrupted', message };
    return age > lossPatience / 4 ? { kind: 'waiting', hold: { reason: 'Disrupted', message } } : { kind: 'waiting' };
  }

  /** Milliseconds since a pod was first seen in this plight: apart from the pod's own age. */
  #since({ metadata: { name, uid = '' } }: JobPod, plight: string): number {
    return this.#reading.ageOf({ metadata: { name, uid: `${uid}/${plight}` } });
  }

  /** Why an index that is not tried again failed. */
  #failureOf(pod: JobPod | undefined, ended: StatusCondition | undefined): JobFailure {
    const outcome = pod && podOutcome(pod, this.#reading.container);
    if (outcome?.kind === 'failed') return { class: outcome.class, message: outcome.message };
    return {
      class: ended?.reason === 'DeadlineExceeded' ? 'DeadlineExceeded' : 'Disrupted',
      message: ended?.message ?? 'the pod was deleted',
    };
  }
}
