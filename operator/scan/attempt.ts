import type { KubeObject } from '../api/metadata.ts';
import { HEAP_EXIT, PERMANENT_EXIT } from '../worker/exit-code.ts';

interface ContainerState {
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
  readonly waiting?: { readonly reason?: string; readonly message?: string };
}

/** The part of a Pod that tells how an attempt went. */
export interface WorkerPod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly { readonly name: string; readonly state?: ContainerState }[];
  };
}

/** What is kept of a pod: what is read of it here, and no spec. */
export function workerPodOf({ metadata, status = {} }: WorkerPod): WorkerPod {
  const { phase, reason, message, conditions, containerStatuses } = status;
  const kept = { phase, reason, message, conditions, containerStatuses: containerStatuses?.map(({ name, state }) => ({ name, state })) };
  return { metadata, status: Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) };
}

/** How an attempt stands or ended, as one word. */
export type AttemptClass =
  | 'Running'
  | 'Succeeded'
  | 'Unschedulable'
  | 'PullError'
  | 'DeadlineExceeded'
  | 'Disrupted'
  | 'StorageExceeded'
  | 'OutOfMemory'
  | 'Permanent'
  | 'Killed'
  | 'Crashed';

/** How an attempt stands or ended, and why. */
export interface AttemptOutcome {
  readonly class: AttemptClass;
  readonly message: string;
}

const pullReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
]);

/** Classifies a worker's pod: by the pod's own reason first, then its container's, then the exit code. */
export function attemptOutcome(pod: WorkerPod): AttemptOutcome {
  const { phase } = pod.status ?? {};
  if (phase === 'Succeeded') return { class: 'Succeeded', message: '' };
  return phase === 'Failed' ? failure(pod) : waiting(pod);
}

function waiting({ status }: WorkerPod): AttemptOutcome {
  const unschedulable = status?.conditions?.find(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable');
  if (unschedulable) return { class: 'Unschedulable', message: unschedulable.message ?? '' };
  const blocked = status?.containerStatuses?.map(({ state }) => state?.waiting).find((state) => pullReasons.has(state?.reason ?? ''));
  return blocked ? { class: 'PullError', message: blocked.message ?? blocked.reason ?? '' } : { class: 'Running', message: '' };
}

function failure(pod: WorkerPod): AttemptOutcome {
  const { reason = '', message = '', conditions = [] } = pod.status ?? {};
  const disrupted = conditions.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  if (reason === 'DeadlineExceeded') return { class: 'DeadlineExceeded', message };
  if (disrupted || reason === 'NodeLost') return { class: 'Disrupted', message };
  if (reason === 'Evicted') return { class: 'StorageExceeded', message };
  return byContainer(pod);
}

/** What V8 prints when it gives up. */
const heapIsFull = 'JavaScript heap out of memory';

const exitClasses: Readonly<Record<number, AttemptClass>> = { [PERMANENT_EXIT]: 'Permanent', [HEAP_EXIT]: 'OutOfMemory', 137: 'Killed' };

function byContainer({ status }: WorkerPod): AttemptOutcome {
  const worker = status?.containerStatuses?.find(({ name }) => name === 'worker');
  const terminated = worker?.state?.terminated;
  return terminated ? byExit(terminated) : neverRan(status);
}

function byExit({ exitCode, reason, message = '' }: NonNullable<ContainerState['terminated']>): AttemptOutcome {
  // V8 ends the process by an abort: exit code 134, or 139 as the first process of a container.
  if (message.includes(heapIsFull))
    return { class: 'OutOfMemory', message: 'the heap of the worker is full: its memory limit is too small' };
  const said = message === '' ? `exit code ${exitCode}` : message;
  return { class: reason === 'OOMKilled' ? 'OutOfMemory' : (exitClasses[exitCode] ?? 'Crashed'), message: said };
}

const neverRan = (status: WorkerPod['status']): AttemptOutcome => ({
  class: 'Crashed',
  message: status?.message ?? 'the worker never ran',
});

/** What follows a failed attempt. `tries`: how many attempts in all a shard may have that ends so. */
export interface AttemptResponse {
  readonly tries: number;
  /** Divide the shard, or read it in smaller pages. */
  readonly smaller?: boolean;
  readonly memoryFactor?: number;
  readonly deadlineFactor?: number;
}

/** How an attempt failed: what its pod tells, and what only the operator sees: a lost log, a broken stream, a worker of another version, a Job refused or gone. */
export type FailureClass =
  Exclude<AttemptClass, 'Running' | 'Succeeded'> | 'LogLost' | 'StreamBroken' | 'OtherVersion' | 'Rejected' | 'JobGone';

/** The response to each class. */
export const responses: Readonly<Record<FailureClass, AttemptResponse>> = {
  PullError: { tries: 1 },
  /** No node took its pod until the deadline: it has waited long enough. */
  Unschedulable: { tries: 1 },
  DeadlineExceeded: { tries: 2, deadlineFactor: 2 },
  Disrupted: { tries: 6 },
  StorageExceeded: { tries: 4, smaller: true, memoryFactor: 2 },
  OutOfMemory: { tries: 4, smaller: true, memoryFactor: 2 },
  Permanent: { tries: 1 },
  Killed: { tries: 3, smaller: true },
  // A Job makes one pod an index, whose crash may be of the moment.
  Crashed: { tries: 3 },
  LogLost: { tries: 2 },
  StreamBroken: { tries: 3, smaller: true },
  OtherVersion: { tries: 3 },
  Rejected: { tries: 1 },
  JobGone: { tries: 3 },
};
