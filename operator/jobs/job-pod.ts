import type { KubeObject } from '../api/metadata.ts';

/** How a container ended. */
export interface Terminated {
  readonly exitCode: number;
  /** Such as `OOMKilled`, `Error`. */
  readonly reason?: string;
  /** The end of the container's output: all containers of Jobs have `terminationMessagePolicy: FallbackToLogsOnError`. */
  readonly message?: string;
}

/** The fields of a container status that decide the state of a Job. */
export interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: unknown;
    readonly terminated?: Terminated;
  };
}

/** A condition of a Job or a Pod. */
export interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The fields of a Job's Pod that decide the state of the Job. */
export interface JobPod extends KubeObject {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly StatusCondition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

const stateOf = ({ name, state }: ContainerStatus): ContainerStatus => ({ name, ...(state && { state }) });

/** The part of a Job's Pod that a cache keeps: the metadata and the used fields of the status. */
export function jobPodOf({ metadata, status = {} }: JobPod): JobPod {
  const { phase, reason, message, conditions, initContainerStatuses, containerStatuses } = status;
  const kept = {
    phase,
    reason,
    message,
    conditions,
    initContainerStatuses: initContainerStatuses?.map(stateOf),
    containerStatuses: containerStatuses?.map(stateOf),
  };
  return { metadata, status: Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) };
}

/** The statuses of all containers. Init containers come first, as they run first. */
export const containersOf = ({ status }: JobPod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/** Whether a Pod has ended: `Succeeded` or `Failed`. */
export const hasEnded = ({ status }: JobPod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/**
 * Whether the work of a Pod succeeded: its phase is `Succeeded`, or each container has ended with exit code 0. The kubelet reports the containers
 * about a second before the phase. The containers of Jobs do not start again, and their logs are complete when they have ended.
 */
export function hasSucceeded({ status: { phase, containerStatuses = [] } = {} }: JobPod): boolean {
  if (phase === 'Succeeded') return true;
  return phase === 'Running' && containerStatuses.length > 0 && containerStatuses.every(({ state }) => state?.terminated?.exitCode === 0);
}
