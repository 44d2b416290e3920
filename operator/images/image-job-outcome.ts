import type { KubeObject } from '../api/metadata.ts';
import { isPull, wantedReference } from './image-job-state.ts';
import { lastWords } from '../jobs/last-words.ts';
import type { JobObject } from '../jobs/job-state.ts';

interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: unknown;
    readonly terminated?: Terminated;
  };
}

/** A pod of an image Job, as far as it tells how that went. */
export interface ImagePod extends KubeObject {
  readonly spec?: { readonly nodeName?: string };
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

/** An Event about an image Job or its pod. */
export interface ImageJobEvent extends KubeObject {
  readonly reason?: string;
  readonly message?: string;
}

/** How an image Job stands. */
export type ImageJobOutcome =
  /** `waits`: for what, once it takes long. */
  | { readonly kind: 'running'; readonly waits?: string }
  | { readonly kind: 'finished'; readonly pod: string }
  /** `denied`: the registry gives the image to nobody without a password. */
  | { readonly kind: 'failed'; readonly reason: string; readonly denied?: true };

/** Milliseconds that a pod may wait for an image or a volume: the kubelet tries again meanwhile. */
const patience = 60_000;
/** Milliseconds after which a Job without an end is given up: more than its own deadline. */
const longest = 1_500_000;
const passing: ReadonlySet<string> = new Set(['PodInitializing', 'ContainerCreating']);

/**
 * Reads off a Job, its pods and the Events about them how it went: of an image volume that cannot be had, Events alone tell. Pure; `now`
 * in milliseconds since the epoch.
 */
export function imageJobOutcome(
  job: JobObject,
  { pods, events }: { readonly pods: readonly ImagePod[]; readonly events: readonly ImageJobEvent[] },
  now: number,
): ImageJobOutcome {
  const inPhase = (phase: string): ImagePod | undefined => pods.find(({ status }) => status?.phase === phase);
  const done = inPhase('Succeeded');
  if (done) return { kind: 'finished', pod: done.metadata.name };
  const failed = inPhase('Failed');
  if (failed) return { kind: 'failed', reason: withMending(job, podFailure(failed)) };
  const over = endWithoutPod(job);
  return over === undefined ? standing({ job, pods, events }, now) : { kind: 'failed', reason: over };
}

/** Whether the Events about a Job or its pods may tell more than these do. */
export const wantsEvents = (pods: readonly ImagePod[]): boolean =>
  pods.every((pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && !hasBegun(pod));

function endWithoutPod({ status }: JobObject): string | undefined {
  const ended = status?.conditions?.find(({ type, status: holds }) => (type === 'Failed' || type === 'Complete') && holds === 'True');
  return ended && oneLine(`the Job ended without a pod to ask: ${ended.message ?? ended.reason ?? ended.type}`);
}

interface Standing {
  readonly job: JobObject;
  readonly pods: readonly ImagePod[];
  readonly events: readonly ImageJobEvent[];
}

/** A Job that has not ended: it goes on, or is given up. */
function standing({ job, pods, events }: Standing, now: number): ImageJobOutcome {
  const age = now - Date.parse(job.metadata.creationTimestamp ?? '');
  if (age > longest) return { kind: 'failed', reason: `the pod did not end within ${longest / 60_000} minutes` };
  if (!wantsEvents(pods)) return { kind: 'running' };
  // The status of a pull changes between one word and another; its Event says the same each time.
  const reason = troubleOf(events) ?? pods.map(waitingReason).find((found) => found !== undefined);
  if (reason === undefined) return age > patience ? { kind: 'running', waits: waitOf(events) } : { kind: 'running' };
  if (isDenied(job, reason)) return { kind: 'failed', reason, denied: true };
  return age > patience || absencePattern.test(reason) ? { kind: 'failed', reason } : { kind: 'running' };
}

/** Whether the containers begin that need the volumes. */
const hasBegun = (pod: ImagePod): boolean =>
  statusesOf(pod).some(({ name, state }) => name !== 'prepare' && (state?.terminated !== undefined || state?.running !== undefined));

/** What registries and runtimes say to those without a password, or with a wrong one. */
const denialPattern = /\b(401|403|unauthorized|forbidden|denied|authentication required|authorization failed|no basic auth credentials)\b/i;

/** What fails for want of a password when the scanner pulls says so: it reads none, and the node may have one. */
const withMending = (job: KubeObject, reason: string): string =>
  isPull(job) && denialPattern.test(reason)
    ? `${reason}; images.mode Pull reads no credentials: ask for this image with images.mode Mount, where nodes mount it with pull secrets`
    : reason;

/** What the runtime says of an image that the registry does not have: asking again will not help. */
const absencePattern = /Failed to pull image .*: not found$/;

function isDenied(job: KubeObject, reason: string): boolean {
  return !isPull(job) && missingReference(job, reason) !== undefined && denialPattern.test(reason);
}

/** The reference by which a Job could not have its image, where the reason says so. */
export function missingReference(job: KubeObject, reason: string): string | undefined {
  const reference = wantedReference(job);
  return reference !== undefined && reason.includes(reference) ? reference : undefined;
}

/** Events that say why a Job has no pod, or a pod does not begin; of others, what matters is in the status. */
const troubles: Readonly<Record<string, string>> = {
  FailedCreate: 'the Job has no pod',
  Failed: 'the pod cannot begin',
  FailedMount: 'the pod cannot begin',
  FailedCreatePodSandBox: 'the pod cannot begin',
};

/** The latest trouble; that a pull is put off says less than why. */
function troubleOf(events: readonly ImageJobEvent[]): string | undefined {
  const found = events.findLast(({ reason = '', message = '' }) => reason in troubles && !message.startsWith('Error: '));
  return found && oneLine(`${troubles[found.reason ?? ''] ?? ''}: ${brief(found.message ?? '')}`);
}

/** The runtime names an image again at each step that failed: once is enough, and why it failed comes last. */
function brief(message: string): string {
  const [name] = /"[^"]+"/.exec(message) ?? [];
  if (name === undefined) return message;
  const end = message.indexOf(name) + name.length;
  return message.slice(0, end) + message.slice(end).replaceAll(name, 'it');
}

function waitOf(events: readonly ImageJobEvent[]): string {
  const pulling = events.findLast(({ reason }) => reason === 'Pulling')?.message;
  return oneLine(pulling === undefined ? 'the pod has not begun, and nothing says why' : `the node has not got it yet: ${pulling}`);
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

/** What Vigil's own program says of itself needs no more words about it. */
const ownWords = /^vigil (?:match|normalize|prepare): (.+)$/;

function exitText(name: string, { exitCode, reason, message = '' }: Terminated): string {
  const words = lastWords(message);
  const own = ownWords.exec(words)?.[1];
  if (own !== undefined) return oneLine(own);
  return oneLine(`${name} ended with ${exitCode}${reason === 'OOMKilled' ? ', out of memory' : ''}: ${words}`);
}

/** What a pod that does not begin waits for. */
function waitingReason(pod: ImagePod): string | undefined {
  const waiting = statusesOf(pod).map(({ state }) => state?.waiting);
  const stuck = waiting.find((state) => state?.reason !== undefined && !passing.has(state.reason));
  if (stuck) return oneLine(`the pod cannot begin: ${stuck.reason}: ${stuck.message ?? ''}`);
  const unplaced = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return unplaced && oneLine(`the pod cannot be placed: ${unplaced.message ?? ''}`);
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 600);
