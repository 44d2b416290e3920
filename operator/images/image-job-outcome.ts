import type { KubeObject } from '../api/metadata.ts';
import type { ScanJob } from '../scan/job-state.ts';

interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: Terminated;
  };
}

/** A pod of an image Job, as far as it tells how that went. */
export interface ImagePod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** How an image Job stands. */
export type ImageJobOutcome =
  { readonly kind: 'running' } | { readonly kind: 'finished'; readonly pod: string } | { readonly kind: 'failed'; readonly reason: string };

/** Milliseconds that a pod may wait for an image or a volume: the kubelet tries again meanwhile. */
const patience = 60_000;
/** Milliseconds after which a Job without an end is given up: more than its own deadline. */
const longest = 1_500_000;
const passing: ReadonlySet<string> = new Set(['PodInitializing', 'ContainerCreating']);

/** Reads off a Job and its pods how it went. Pure; `now` in milliseconds since the epoch. */
export function imageJobOutcome(job: ScanJob, pods: readonly ImagePod[], now: number): ImageJobOutcome {
  const inPhase = (phase: string): ImagePod | undefined => pods.find(({ status }) => status?.phase === phase);
  const done = inPhase('Succeeded');
  if (done) return { kind: 'finished', pod: done.metadata.name };
  const failed = inPhase('Failed');
  const reason = failed ? podFailure(failed) : (endWithoutPod(job) ?? tooLong(job, pods, now));
  return reason === undefined ? { kind: 'running' } : { kind: 'failed', reason };
}

function endWithoutPod({ status }: ScanJob): string | undefined {
  const ended = status?.conditions?.find(({ type, status: holds }) => (type === 'Failed' || type === 'Complete') && holds === 'True');
  return ended && oneLine(`the Job ended without a pod to ask: ${ended.message ?? ended.reason ?? ended.type}`);
}

function tooLong({ metadata }: ScanJob, pods: readonly ImagePod[], now: number): string | undefined {
  const age = now - Date.parse(metadata.creationTimestamp ?? '');
  if (age > longest) return `the pod did not end within ${longest / 60_000} minutes`;
  return age > patience ? pods.map(waitingReason).find((reason) => reason !== undefined) : undefined;
}

const statusesOf = ({ status }: ImagePod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

function podFailure(pod: ImagePod): string {
  const { reason = '', message = '' } = pod.status ?? {};
  if (reason !== '') return oneLine(`the pod failed: ${reason}: ${message}`);
  for (const { name, state } of statusesOf(pod))
    if (state?.terminated && state.terminated.exitCode !== 0) return exitText(name, state.terminated);
  return 'the pod failed and does not say why';
}

function exitText(name: string, { exitCode, reason, message = '' }: Terminated): string {
  return oneLine(`${name} ended with ${exitCode}${reason === 'OOMKilled' ? ', out of memory' : ''}: ${lastLine(message)}`);
}

/** What a pod that does not begin waits for. */
function waitingReason(pod: ImagePod): string | undefined {
  const waiting = statusesOf(pod).map(({ state }) => state?.waiting);
  const stuck = waiting.find((state) => state?.reason !== undefined && !passing.has(state.reason));
  if (stuck) return oneLine(`the pod cannot begin: ${stuck.reason}: ${stuck.message ?? ''}`);
  const unplaced = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return unplaced && oneLine(`the pod cannot be placed: ${unplaced.message ?? ''}`);
}

const lastLine = (text: string): string =>
  text
    .replace(/\u001b\[[0-9;]*m/g, '')
    .split('\n')
    .findLast((line) => line.trim() !== '') ?? 'it said nothing';

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 600);
