import { ownEntry } from '../../api/own-entry.ts';
import { refusalIn, type JobEvent } from '../../jobs/job-events.ts';
import { failureText, oneLine, type FailureClass, type JobFailure } from '../../jobs/job-failure.ts';
import { idleState } from '../../jobs/job-idle.ts';
import { containersOf, hasEnded, type JobPod } from '../../jobs/job-pod.ts';
import { JobState, type AgeOf, type IndexState, type JobObject } from '../../jobs/job-state.ts';
import { isPull, imageReferenceOf } from './image-job-state.ts';
import { STREAM_CONTAINER } from './image-job.ts';

/** The outcome of an image Job. */
export type ImageJobOutcome =
  /** `waits`: the reason why it has not started, after a minute. */
  | { readonly kind: 'running'; readonly waits?: string }
  | { readonly kind: 'finished'; readonly pod: JobPod }
  /** `reason`: a sentence. `denied`: the registry requires credentials. */
  | { readonly kind: 'failed'; readonly class: FailureClass; readonly reason: string; readonly denied?: true };

/** The objects of an image Job. `events`: the Events of its pod, or of the Job if it has no pod; the latest last. */
export interface ImageJobFacts {
  readonly pods: readonly JobPod[];
  readonly events: readonly JobEvent[];
}

/** Milliseconds that a Job may wait for a pod, and its pod for a node, an image or a volume, since other Jobs wait for its slot. */
const startTimeout = 60_000;
/** Milliseconds after which an unfinished Job fails. Longer than the deadline of the Job. */
const runTimeout = 1_500_000;

/**
 * Returns the outcome of an image Job from the Job, its pods and their Events. An image volume that cannot be pulled is reported in Events
 * only. Pure, except for `ageOf`.
 */
export function imageJobOutcome(job: JobObject, { pods, events }: ImageJobFacts, ageOf: AgeOf): ImageJobOutcome {
  const state = new JobState(job, pods, { ageOf, container: STREAM_CONTAINER, patience: { place: startTimeout, start: startTimeout } }).of(
    0,
  );
  if (state.kind === 'finished') return { kind: 'finished', pod: state.pod };
  // The waiting reason of a failing pull alternates. The text of its Event is stable.
  const trouble = startTrouble(state, pods, events);
  if (state.kind === 'failed') return failedBy(job, (isStart(state.class) ? trouble : undefined) ?? state);
  const age = ageOf(job);
  if (age > runTimeout)
    return { kind: 'failed', class: 'DeadlineExceeded', reason: `the pod did not end within ${runTimeout / 60_000} minutes` };
  if (trouble) return troubled(job, trouble, ageOf);
  if (pods.length === 0) return withoutPod(job, events, ageOf);
  return age > startTimeout ? waitingFor(state, pods, events) : { kind: 'running' };
}

/** Whether the outcome depends on Events: no pod has started or ended. */
export const needsEvents = (pods: readonly JobPod[]): boolean => pods.every((pod) => !hasEnded(pod) && !hasStarted(pod));

/** Whether a container that mounts the volumes has started. */
const hasStarted = (pod: JobPod): boolean =>
  containersOf(pod).some(({ name, state }) => name !== 'prepare' && (state?.terminated !== undefined || state?.running !== undefined));

const isStart = (failure: string): failure is FailureClass => failure === 'PullError' || failure === 'StartError';

/** Returns why the containers of a pod cannot start, from its Events or its status. */
function startTrouble(state: IndexState, pods: readonly JobPod[], events: readonly JobEvent[]): JobFailure | undefined {
  if (!needsEvents(pods)) return undefined;
  const held = state.kind === 'waiting' ? state.hold : undefined;
  return troubleIn(events) ?? (held && isStart(held.reason) ? { class: held.reason, message: held.message } : undefined);
}

function withoutPod(job: JobObject, events: readonly JobEvent[], ageOf: AgeOf): ImageJobOutcome {
  const { name, uid = '' } = job.metadata;
  const idleness = { job: name, refusal: refusalIn(events, []), idle: ageOf({ metadata: { name, uid: `${uid}/idle` } }) };
  const state = idleState(idleness, { quota: startTimeout, refusal: startTimeout });
  if (state.kind === 'failed') return failedBy(job, state);
  const hold = state.kind === 'waiting' && state.hold?.reason === 'NoPod' ? state.hold : undefined;
  return hold ? { kind: 'running', waits: hold.message } : { kind: 'running' };
}

/** The outcome of a pod that cannot start. The Job fails at once if a retry cannot help, and otherwise after a minute. */
function troubled(job: JobObject, trouble: JobFailure, ageOf: AgeOf): ImageJobOutcome {
  const failed = failedBy(job, trouble);
  const { name, uid = '' } = job.metadata;
  const since = ageOf({ metadata: { name, uid: `${uid}/trouble` } });
  const isFinal = 'denied' in failed || absencePattern.test(trouble.message);
  return isFinal || since >= startTimeout ? failed : { kind: 'running' };
}

function waitingFor(state: IndexState, pods: readonly JobPod[], events: readonly JobEvent[]): ImageJobOutcome {
  if (state.kind === 'waiting' && state.hold) {
    const { reason, message } = state.hold;
    return { kind: 'running', waits: failureText({ class: reason as FailureClass, message }) };
  }
  if (!needsEvents(pods)) return { kind: 'running' };
  const pulling = events.findLast(({ reason }) => reason === 'Pulling')?.message;
  const waits = pulling === undefined ? 'the pod has not started, and no Event has a reason' : `the node is still pulling it: ${pulling}`;
  return { kind: 'running', waits: oneLine(waits) };
}

/** The errors of registries and container runtimes for missing or wrong credentials. */
const denialPattern = /\b(401|403|unauthorized|forbidden|denied|authentication required|authorization failed|no basic auth credentials)\b/i;
/** The error of the container runtime for an image that the registry does not have. A retry does not help. */
const absencePattern = /Failed to pull image .*: not found$/;

function failedBy(job: JobObject, failure: JobFailure): ImageJobOutcome {
  const reason = failureText(failure);
  const lacksPermission = denialPattern.test(reason);
  if (isPull(job)) return { kind: 'failed', class: failure.class, reason: lacksPermission ? `${reason}${noCredentials}` : reason };
  const denied = isStart(failure.class) && lacksPermission && missingReference(job, reason) !== undefined;
  return { kind: 'failed', class: failure.class, reason, ...(denied ? { denied } : {}) };
}

/** Added if the scanner is denied a pull: the scanner has no credentials, but the node may have them. */
const noCredentials =
  '; images.mode Pull uses no credentials: use images.mode Mount for this image, so that nodes mount it with pull secrets';

/** Returns the reference that could not be pulled, if the failure reason contains it. */
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

/** Returns the latest start failure. Skips Events that report only that the pull is in back-off. */
function troubleIn(events: readonly JobEvent[]): JobFailure | undefined {
  const found = events.findLast(({ reason = '', message = '' }) => Object.hasOwn(troubles, reason) && !message.startsWith('Error: '));
  const failure = ownEntry(troubles, found?.reason ?? '');
  return failure && { class: failure, message: oneLine(brief(found?.message ?? '')) };
}

/** Shortens a pull error: the container runtime repeats the image name for each failed step, and the cause comes last. */
function brief(message: string): string {
  const [name] = /"[^"]+"/.exec(message) ?? [];
  if (name === undefined) return message;
  const end = message.indexOf(name) + name.length;
  return message.slice(0, end) + message.slice(end).replaceAll(name, 'it');
}
