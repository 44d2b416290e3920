import { HEAP_EXIT, PERMANENT_EXIT } from './exit-code.ts';
import { containersOf, hasSucceeded, type ContainerStatus, type JobPod, type Terminated } from './job-pod.ts';
import { exitMessage, vigilReason } from './exit-message.ts';

/** The class of a failed attempt at a Job or an index of it, in one word: the `reason` in conditions, Events and metrics. */
export type FailureClass =
  /** The pod was not scheduled to a node within the time limit. */
  | 'Unschedulable'
  /** The kubelet could not pull an image. */
  | 'PullError'
  /** The kubelet pulled the images but could not start a container. */
  | 'StartError'
  | 'DeadlineExceeded'
  /** The pod was drained, preempted or deleted, or its node was lost. */
  | 'Disrupted'
  /** The pod was evicted because of its own disk usage. */
  | 'StorageExceeded'
  | 'OutOfMemory'
  /** The program reports that another attempt cannot succeed: {@link PERMANENT_EXIT}. */
  | 'Permanent'
  /** Ended by SIGKILL for an unknown reason. */
  | 'Killed'
  | 'Crashed'
  /** The pod succeeded, but its log is not available. */
  | 'LogLost'
  /** The log does not contain the whole stream that the program wrote. */
  | 'StreamBroken'
  /** Another version of Vigil wrote the log. */
  | 'OtherVersion'
  /** A quota, Pod Security or an admission policy refused the Job or its pods. */
  | 'Rejected'
  /** The Job was deleted before it ended. */
  | 'JobGone'
  /** The API server failed each time that the results were written. */
  | 'WriteFailed';

/** A failed attempt: its class, and a message of one sentence. */
export interface JobFailure {
  readonly class: FailureClass;
  readonly message: string;
}

/** Classes of problems that keep a pod from starting while Kubernetes retries. */
export type HeldClass = 'Unschedulable' | 'PullError' | 'StartError';

/** The state of a pod. `held`: it has not started for the reason in the message. */
export type PodOutcome =
  | { readonly kind: 'succeeded' | 'running' }
  | { readonly kind: 'held'; readonly class: HeldClass; readonly message: string }
  | ({ readonly kind: 'failed' } & JobFailure);

const exitClasses: Readonly<Record<number, FailureClass>> = { [PERMANENT_EXIT]: 'Permanent', [HEAP_EXIT]: 'OutOfMemory', 137: 'Killed' };
/** V8 prints this before it aborts. As PID 1 of a container it then exits with 139 instead of 134. */
const heapIsFull = 'JavaScript heap out of memory';

const pullReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
]);
/** Waiting reasons of a container that is starting normally. */
const startingReasons: ReadonlySet<string> = new Set(['PodInitializing', 'ContainerCreating']);

/**
 * Classifies a pod: by its phase, then by its own reason, then by its containers. Pure.
 * @param container The container that does the Job's work: if several containers failed, it is the one that counts.
 */
export function podOutcome(pod: JobPod, container: string): PodOutcome {
  const { phase } = pod.status ?? {};
  if (hasSucceeded(pod)) return { kind: 'succeeded' };
  return phase === 'Failed' ? { kind: 'failed', ...failureOf(pod, container) } : startOf(pod);
}

function startOf(pod: JobPod): PodOutcome {
  const unplaced = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unplaced) return { kind: 'held', class: 'Unschedulable', message: oneLine(unplaced.message ?? unplaced.reason ?? '') };
  const waiting = containersOf(pod).map(({ state }) => state?.waiting);
  const stuck = waiting.find((state) => state?.reason !== undefined && !startingReasons.has(state.reason));
  if (stuck?.reason === undefined) return { kind: 'running' };
  const message = oneLine(stuck.message === undefined ? stuck.reason : `${stuck.reason}: ${stuck.message}`);
  return { kind: 'held', class: pullReasons.has(stuck.reason) ? 'PullError' : 'StartError', message };
}

/** The class by the reason and conditions of the pod; undefined if they do not decide it. */
function classOf({ reason, conditions = [] }: NonNullable<JobPod['status']>): FailureClass | undefined {
  if (reason === 'DeadlineExceeded') return 'DeadlineExceeded';
  if (conditions.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True') || reason === 'NodeLost') return 'Disrupted';
  return reason === 'Evicted' ? 'StorageExceeded' : undefined;
}

function failureOf(pod: JobPod, container: string): JobFailure {
  const { status = {} } = pod;
  const found = classOf(status);
  const text = oneLine(status.message ?? status.reason ?? '');
  if (found) return { class: found, message: text };
  const failed = failedContainer(pod, container);
  if (failed) return exitFailure(failed.name, failed.terminated);
  return { class: 'Crashed', message: text === '' ? `container ${container} never ran` : text };
}

/** The container that made a pod fail: the main container if it failed, else the first failed one. */
function failedContainer(pod: JobPod, container: string): { readonly name: string; readonly terminated: Terminated } | undefined {
  const failed = containersOf(pod).flatMap(({ name, state }: ContainerStatus) =>
    state?.terminated && state.terminated.exitCode !== 0 ? [{ name, terminated: state.terminated }] : [],
  );
  return failed.find(({ name }) => name === container) ?? failed[0];
}

function exitFailure(name: string, { exitCode, reason, message = '' }: Terminated): JobFailure {
  const ended = `${name} exited with code ${exitCode}`;
  if (message.includes(heapIsFull))
    return { class: 'OutOfMemory', message: `${ended}, out of memory: its heap is full, its memory limit is too small` };
  if (reason === 'OOMKilled') return { class: 'OutOfMemory', message: oneLine(`${ended}, out of memory: ${exitMessage(message)}`) };
  return { class: exitClasses[exitCode] ?? 'Crashed', message: oneLine(vigilReason(message) ?? `${ended}: ${exitMessage(message)}`) };
}

/** The subject of the sentence by class, if the message has none. */
const subjects: Readonly<Partial<Record<FailureClass, string>>> = {
  Unschedulable: 'the pod cannot be scheduled',
  PullError: 'the pod cannot start',
  StartError: 'the pod cannot start',
  DeadlineExceeded: 'the pod failed: DeadlineExceeded',
  Disrupted: 'the pod was lost',
  StorageExceeded: 'the pod failed: Evicted',
  LogLost: 'the log is lost',
  StreamBroken: 'the log cannot be read',
  Rejected: 'the Job has no pod',
};

/** A failure as one sentence, for a reader who does not see the class. */
export function failureText(failure: JobFailure): string {
  const subject = subjects[failure.class];
  return subject === undefined ? failure.message : `${subject}: ${failure.message}`;
}

/** A text as one line of at most 600 characters. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 600);
