import { refusalIn, type JobEvent } from '../../jobs/job-events.ts';
import { failureText, oneLine, type FailureClass, type JobFailure } from '../../jobs/job-failure.ts';
import { idleState } from '../../jobs/job-idle.ts';
import { containersOf, hasEnded, type JobPod } from '../../jobs/job-pod.ts';
import { JobState, type AgeOf, type IndexState, type JobObject } from '../../jobs/job-state.ts';
import { isPull, imageReferenceOf } from './image-job-state.ts';
import { STREAM_CONTAINER } from './image-job.ts';

/** How an image Job stands. */
export type ImageJobOutcome =
  /** `waits`: for what, once it takes long. */
  | { readonly kind: 'running'; readonly waits?: string }
  | { readonly kind: 'finished'; readonly pod: JobPod }
  /** `reason`: a sentence. `denied`: the registry gives the image to nobody without a password. */
  | { readonly kind: 'failed'; readonly class: FailureClass; readonly reason: string; readonly denied?: true };

/** What is known of an image Job. `events`: those about its pod, or about the Job while it has no pod; the latest last. */
export interface ImageJobFacts {
  readonly pods: readonly JobPod[];
  readonly events: readonly JobEvent[];
}

/** Milliseconds that a Job may wait for a pod, and its pod for a node, an image or a volume: others wait for its turn. */
const patience = 60_000;
/** Milliseconds after which a Job without an end is given up: more than its own deadline. */
const longest = 1_500_000;

/**
 * How an image Job stands, by the Job, its own pods and the Events about them: of an image volume that cannot be had, Events alone say so.
 * Pure but for `ageOf`.
 */
export function imageJobOutcome(job: JobObject, { pods, events }: ImageJobFacts, ageOf: AgeOf): ImageJobOutcome {
  const state = new JobState(job, pods, { ageOf, container: STREAM_CONTAINER, patience: { place: patience, start: patience } }).of(0);
  if (state.kind === 'finished') return { kind: 'finished', pod: state.pod };
  // The status of a pull changes between one word and another; its Event says the same each time.
  const trouble = startTrouble(state, pods, events);
  if (state.kind === 'failed') return failedBy(job, (isStart(state.class) ? trouble : undefined) ?? state);
  const age = ageOf(job);
  if (age > longest) return { kind: 'failed', class: 'DeadlineExceeded', reason: `the pod did not end within ${longest / 60_000} minutes` };
  if (trouble) return troubled(job, trouble, ageOf);
  if (pods.length === 0) return withoutPod(job, events, ageOf);
  return age > patience ? waitingFor(state, pods, events) : { kind: 'running' };
}

/** Whether the Events about a Job or its pods may say more than these do. */
export const needsEvents = (pods: readonly JobPod[]): boolean => pods.every((pod) => !hasEnded(pod) && !hasBegun(pod));

/** Whether the containers begin that need the volumes. */
const hasBegun = (pod: JobPod): boolean =>
  containersOf(pod).some(({ name, state }) => name !== 'prepare' && (state?.terminated !== undefined || state?.running !== undefined));

const isStart = (failure: string): failure is FailureClass => failure === 'PullError' || failure === 'StartError';

/** What keeps the containers of a pod from starting, by the Events about it or its status. */
function startTrouble(state: IndexState, pods: readonly JobPod[], events: readonly JobEvent[]): JobFailure | undefined {
  if (!needsEvents(pods)) return undefined;
  const held = state.kind === 'waiting' ? state.hold : undefined;
  return troubleIn(events) ?? (held && isStart(held.reason) ? { class: held.reason, message: held.message } : undefined);
}

function withoutPod(job: JobObject, events: readonly JobEvent[], ageOf: AgeOf): ImageJobOutcome {
  const { name, uid = '' } = job.metadata;
  const idleness = { job: name, refusal: refusalIn(events, []), idle: ageOf({ metadata: { name, uid: `${uid}/idle` } }) };
  const state = idleState(idleness, { quota: patience, refusal: patience });
  if (state.kind === 'failed') return failedBy(job, state);
  const hold = state.kind === 'waiting' && state.hold?.reason === 'NoPod' ? state.hold : undefined;
  return hold ? { kind: 'running', waits: hold.message } : { kind: 'running' };
}

/** A pod that cannot start, by an Event: it is given up at once if asking again does not help, else after a minute. */
function troubled(job: JobObject, trouble: JobFailure, ageOf: AgeOf): ImageJobOutcome {
  const failed = failedBy(job, trouble);
  const { name, uid = '' } = job.metadata;
  const since = ageOf({ metadata: { name, uid: `${uid}/trouble` } });
  const isFinal = 'denied' in failed || absencePattern.test(trouble.message);
  return isFinal || since >= patience ? failed : { kind: 'running' };
}

function waitingFor(state: IndexState, pods: readonly JobPod[], events: readonly JobEvent[]): ImageJobOutcome {
  if (state.kind === 'waiting' && state.hold) {
    const { reason, message } = state.hold;
    return { kind: 'running', waits: failureText({ class: reason as FailureClass, message }) };
  }
  if (!needsEvents(pods)) return { kind: 'running' };
  const pulling = events.findLast(({ reason }) => reason === 'Pulling')?.message;
  const waits = pulling === undefined ? 'the pod has not begun, and nothing says why' : `the node has not got it yet: ${pulling}`;
  return { kind: 'running', waits: oneLine(waits) };
}

/** What registries and runtimes say to those without a password, or with a wrong one. */
const denialPattern = /\b(401|403|unauthorized|forbidden|denied|authentication required|authorization failed|no basic auth credentials)\b/i;
/** What the runtime says of an image that the registry does not have: asking again will not help. */
const absencePattern = /Failed to pull image .*: not found$/;

function failedBy(job: JobObject, failure: JobFailure): ImageJobOutcome {
  const reason = failureText(failure);
  const lacksPermission = denialPattern.test(reason);
  if (isPull(job)) return { kind: 'failed', class: failure.class, reason: lacksPermission ? `${reason}${noCredentials}` : reason };
  const denied = isStart(failure.class) && lacksPermission && missingReference(job, reason) !== undefined;
  return { kind: 'failed', class: failure.class, reason, ...(denied ? { denied } : {}) };
}

/** What fails for want of a password when the scanner pulls says so: it reads none, and the node may have one. */
const noCredentials =
  '; images.mode Pull reads no credentials: ask for this image with images.mode Mount, where nodes mount it with pull secrets';

/** The reference by which a Job could not have its image, if the reason says so. */
export function missingReference(job: JobObject, reason: string): string | undefined {
  const reference = imageReferenceOf(job);
  return reference !== undefined && reason.includes(reference) ? reference : undefined;
}

/** Events of the kubelet that say why a pod does not begin; other reasons are in the pod's status. */
const troubles: Readonly<Record<string, FailureClass>> = {
  Failed: 'PullError',
  FailedMount: 'StartError',
  FailedCreatePodSandBox: 'StartError',
};

/** The latest trouble; that a pull is put off says less than why. */
function troubleIn(events: readonly JobEvent[]): JobFailure | undefined {
  const found = events.findLast(({ reason = '', message = '' }) => reason in troubles && !message.startsWith('Error: '));
  const failure = troubles[found?.reason ?? ''];
  return failure && { class: failure, message: oneLine(brief(found?.message ?? '')) };
}

/** The runtime names an image again at each step that failed: once is enough, and why it failed comes last. */
function brief(message: string): string {
  const [name] = /"[^"]+"/.exec(message) ?? [];
  if (name === undefined) return message;
  const end = message.indexOf(name) + name.length;
  return message.slice(0, end) + message.slice(end).replaceAll(name, 'it');
}
