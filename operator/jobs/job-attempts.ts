import type { FailureClass } from './job-failure.ts';

/** The response to a failed attempt. */
export interface AttemptResponse {
  /** The most attempts that may fail with this class; 1 means no retry. */
  readonly tries: number;
  /** Whether the next attempt gets less work at once. */
  readonly smaller?: boolean;
  /** The factor for the memory limit and deadline of the next attempt. Default: 1. */
  readonly memoryFactor?: number;
  readonly deadlineFactor?: number;
  /** Whether the cluster failed and not the work: another attempt may succeed at once. */
  readonly passing?: boolean;
}

/** The response to each class of failure. This table alone decides whether and how a Job is retried. */
export const RESPONSES: Readonly<Record<FailureClass, AttemptResponse>> = {
  /** The pod has already waited for the whole time limit. */
  Unschedulable: { tries: 1 },
  /** The kubelet has already tried several times. */
  PullError: { tries: 1 },
  StartError: { tries: 2 },
  DeadlineExceeded: { tries: 2, deadlineFactor: 2 },
  Disrupted: { tries: 6, passing: true },
  StorageExceeded: { tries: 4, smaller: true, memoryFactor: 2 },
  OutOfMemory: { tries: 4, smaller: true, memoryFactor: 2 },
  Permanent: { tries: 1 },
  Killed: { tries: 3, smaller: true },
  // A Job creates one pod per index, and its crash may be accidental.
  Crashed: { tries: 3 },
  LogLost: { tries: 2, passing: true },
  StreamBroken: { tries: 3, smaller: true },
  OtherVersion: { tries: 3 },
  Rejected: { tries: 1 },
  JobGone: { tries: 3, passing: true },
  WriteFailed: { tries: 2 },
};
