import { ANNOTATIONS, LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { InventoryRecordError } from '../inventory/checked-inventory.ts';
import type { MatchBody } from '../matching/image-finding.ts';
import { isPull, preferredNode } from './image-job-state.ts';
import { inputsOf } from './scanner-inputs.ts';
import { STREAM_CONTAINER } from './image-job.ts';
import { imageJobOutcome, missingReference, needsEvents, type ImageJobOutcome } from './image-job-outcome.ts';
import { eventsAbout } from '../../jobs/job-events.ts';
import { failureText, type FailureClass } from '../../jobs/job-failure.ts';
import { LogUnavailableError, type LogReader } from '../../jobs/job-log.ts';
import type { JobPod } from '../../jobs/job-pod.ts';
import { JobRunner, type JobClient } from '../../jobs/job-runner.ts';
import { withFailure, withWaiting, type ImageFailure, type ImageLedger, type NewFailure } from '../ledger/image-ledger.ts';
import type { InventoryBody } from '../inventory/inventory.ts';
import { isForbidden } from '../../kube/client/kube-api-error.ts';
import type { AgeOf, JobObject } from '../../jobs/job-state.ts';
import { StreamError } from '../../stream/frame.ts';
import type { AcceptedStream } from '../../stream/stream-reader.ts';
import { withInventory, withMatches, type CollectContext } from './job-output.ts';
import type { ImageJob } from './image-job-list.ts';
import { PARTS } from '../targets/image-names.ts';

/** The dependencies of {@link collectImageJob}. */
export interface ImageJobContext extends CollectContext {
  readonly client: JobClient;
  /** Vigil's namespace. */
  readonly home: string;
  readonly ageOf: AgeOf;
  readonly logs: Pick<LogReader, 'read'>;
}

/** The ledger after a Job was collected, and whether the Job has ended. */
export interface CollectedImageJob {
  readonly ended: boolean;
  readonly ledger: ImageLedger;
  /** The node of a running Job's pod, or its preferred node; undefined if the Job waits for too long. */
  readonly node?: string | undefined;
}

/** Checks a Job. If it has ended, reads its results into the ledger. */
export async function collectImageJob(context: ImageJobContext, found: ImageJob, ledger: ImageLedger): Promise<CollectedImageJob> {
  const { home, now } = context;
  const { namespace = home } = found.job.metadata;
  const step = found.part === PARTS.inventory ? 'inventory' : 'match';
  const { outcome, node } = await outcomeOf(context, { job: found.job, namespace });
  if (outcome.kind === 'running')
    return { ended: false, ledger: waiting(ledger, found.images, outcome.waits), ...(outcome.waits === undefined ? { node } : {}) };
  try {
    if (outcome.kind === 'failed') throw new ImageJobError(outcome.class, outcome.reason, outcome.denied);
    const stream = await readStream(context, outcome.pod, namespace === home ? undefined : maxUntrustedBytes);
    const collected =
      step === 'inventory'
        ? withInventory(context, found, ledger, stream as AcceptedStream<InventoryBody>)
        : withMatches(context, found, ledger, stream as AcceptedStream<MatchBody>);
    return { ended: true, ledger: await collected };
  } catch (error) {
    if (error instanceof LogUnavailableError)
      return { ended: false, ledger: waiting(ledger, found.images, `the log cannot be read yet: ${error.message}`) };
    return {
      ended: true,
      ledger: failed(ledger, found.images, { step, ...failureOf(found.job, error), ...attemptOf(found.job), at: now }),
    };
  }
}

/** The image mode and inputs of a Job, for its failure. */
const attemptOf = (job: KubeObject): Pick<ImageFailure, 'pull' | 'inputs'> => ({
  ...(isPull(job) ? { pull: true } : {}),
  inputs: inputsOf(job),
});

/** Returns the image failure that an error stands for. Throws errors that have another cause. */
function failureOf(job: KubeObject, error: unknown): Pick<NewFailure, 'class' | 'reason' | 'denied' | 'reference'> {
  if (error instanceof ImageJobError) {
    const reference = missingReference(job, error.message);
    return {
      class: error.class,
      reason: error.message,
      ...(error.denied ? { denied: true } : {}),
      ...(reference === undefined ? {} : { reference }),
    };
  }
  if (error instanceof InventoryRecordError || error instanceof StreamError) return { class: 'StreamBroken', reason: error.message };
  throw error;
}

/** An image Job ended without results. */
class ImageJobError extends Error {
  override readonly name = 'ImageJobError';
  readonly class: FailureClass;
  readonly denied: boolean;

  constructor(failure: FailureClass, message: string, denied = false) {
    super(message);
    this.class = failure;
    this.denied = denied;
  }
}

async function outcomeOf(
  { client, ageOf }: ImageJobContext,
  { job, namespace }: { readonly job: JobObject; readonly namespace: string },
): Promise<{ readonly outcome: ImageJobOutcome; readonly node: string | undefined }> {
  const pods = await new JobRunner(client).podsOf(job);
  const events = needsEvents(pods) ? await eventsAbout(client, namespace, pods[0] ?? job) : [];
  return { outcome: imageJobOutcome(job, { pods, events }, ageOf), node: pods[0]?.spec?.nodeName ?? preferredNode(job) };
}

/** The maximum unpacked size in bytes of an inventory from another namespace: about 60,000 packages. */
const maxUntrustedBytes = 16 * 1024 * 1024;

function waiting(ledger: ImageLedger, images: readonly string[], what: string | undefined): ImageLedger {
  const entries = images.flatMap((key) => (ledger[key] ? [[key, withWaiting(ledger[key], what)] as const] : []));
  return { ...ledger, ...Object.fromEntries(entries) };
}

function failed(ledger: ImageLedger, images: readonly string[], failure: NewFailure): ImageLedger {
  const entries = images.map((digest) => [digest, withFailure(ledger[digest] ?? { seen: failure.at }, failure)] as const);
  return { ...ledger, ...Object.fromEntries(entries) };
}

/**
 * Reads the verified result stream from a pod's log. Throws an {@link ImageJobError} if it is not valid, or a {@link LogUnavailableError}.
 */
async function readStream({ logs }: ImageJobContext, pod: JobPod, mostUnpacked: number | undefined): Promise<AcceptedStream<unknown>> {
  try {
    const read = await logs.read<unknown>(pod, { container: STREAM_CONTAINER, mostUnpacked });
    if ('class' in read) throw new ImageJobError(read.class, failureText(read));
    return read;
  } catch (error) {
    if (isForbidden(error)) throw new ImageJobError('Rejected', `reading the log is forbidden: ${messageOf(error)}`);
    throw error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Added if the API server does not support image volumes. It drops the field `image` and then rejects a volume without a type. */
const noImageVolumes =
  '; the cluster does not support image volumes: use images.mode Pull, with the database in a repository (--database-repository)';

/** Returns the ledger after the API server rejected a Job: by a quota, Pod Security or another policy. */
export function withRefusal(
  ledger: ImageLedger,
  job: KubeObject,
  { reason, at }: { readonly reason: string; readonly at: number },
): ImageLedger {
  const { annotations, labels } = job.metadata;
  const step = labels?.[LABELS.part] === PARTS.inventory ? 'inventory' : 'match';
  return failed(ledger, (annotations?.[ANNOTATIONS.images] ?? '').split(' '), {
    step,
    class: 'Rejected',
    reason: `the Job was refused: ${reason.slice(0, 600)}${/must specify a volume type/i.test(reason) ? noImageVolumes : ''}`,
    ...attemptOf(job),
    at,
  });
}
