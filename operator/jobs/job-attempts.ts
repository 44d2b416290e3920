import type { FailureClass } from './job-failure.ts';

/** What follows a failed attempt. */
export interface AttemptResponse {
  /** How many attempts in all may fail so: 1 means that no other follows. */
  readonly tries: number;
  /** The next attempt has less to do at once. */
  readonly smaller?: boolean;
  /** By how much the next attempt's memory limit and deadline grow. Default: 1. */
  readonly memoryFactor?: number;
  readonly deadlineFactor?: number;
  /** The cluster failed, not the work: another attempt may succeed at once. */
  readonly passing?: boolean;
}

/** The response to each class of failure: all that decides whether, and how, a Job is tried again. */
export const RESPONSES: Readonly<Record<FailureClass, AttemptResponse>> = {
  /** The pod has waited for as long as it had. */
  Unschedulable: { tries: 1 },
  /** The kubelet has tried to pull several times. */
  PullError: { tries: 1 },
  StartError: { tries: 2 },
  DeadlineExceeded: { tries: 2, deadlineFactor: 2 },
  Disrupted: { tries: 6, passing: true },
  StorageExceeded: { tries: 4, smaller: true, memoryFactor: 2 },
  OutOfMemory: { tries: 4, smaller: true, memoryFactor: 2 },
  Permanent: { tries: 1 },
  Killed: { tries: 3, smaller: true },
  // A Job makes one pod an index, whose crash may be of the moment.
  Crashed: { tries: 3 },
  LogLost: { tries: 2, passing: true },
  StreamBroken: { tries: 3, smaller: true },
  OtherVersion: { tries: 3 },
  Rejected: { tries: 1 },
  JobGone: { tries: 3, passing: true },
  WriteFailed: { tries: 2 },
};
