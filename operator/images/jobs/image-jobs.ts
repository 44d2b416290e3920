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
import { JobRunner } from '../../jobs/job-runner.ts';
import { withFailure, withWaiting, type ImageFailure, type ImageLedger, type NewFailure } from '../ledger/image-ledger.ts';
import type { InventoryBody } from '../inventory/inventory.ts';
import { isForbidden } from '../../kube/kube-api-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { AgeOf, JobObject } from '../../jobs/job-state.ts';
import { StreamError } from '../../stream/frame.ts';
import type { AcceptedStream } from '../../stream/stream-reader.ts';
import { withInventory, withMatches, type CollectContext } from './job-output.ts';
import type { ImageJob } from './image-job-list.ts';
import { PARTS } from '../targets/image-names.ts';

/** What taking in finished Jobs needs. */
export interface ImageJobContext extends CollectContext {
  readonly client: KubeClient;
  /** Vigil's namespace. */
  readonly home: string;
  readonly ageOf: AgeOf;
  readonly logs: Pick<LogReader, 'read'>;
}

/** What a Job makes of the ledger, and whether it has ended. */
export interface CollectedImageJob {
  readonly ended: boolean;
  readonly ledger: ImageLedger;
  /** Where a Job that runs is at work, or will best be: nowhere while it waits for too long. */
  readonly node?: string | undefined;
}

/** Looks at a Job, and takes in what it says when it has ended. */
export async function collectImageJob(context: ImageJobContext, found: ImageJob, ledger: ImageLedger): Promise<CollectedImageJob> {
  const { home, now } = context;
  const { namespace = home } = found.job.metadata;
  const step = found.part === PARTS.inventory ? 'inventory' : 'match';
  const { outcome, node } = await outcomeOf(context, { job: found.job, namespace });
  if (outcome.kind === 'running')
    return { ended: false, ledger: waiting(ledger, found.images, outcome.waits), ...(outcome.waits === undefined ? { node } : {}) };
  try {
    if (outcome.kind === 'failed') throw new TakeInError(outcome.class, outcome.reason, outcome.denied);
    const stream = await readStream(context, outcome.pod, namespace === home ? undefined : mostUntrusted);
    const taken =
      step === 'inventory'
        ? withInventory(context, found, ledger, stream as AcceptedStream<InventoryBody>)
        : withMatches(context, found, ledger, stream as AcceptedStream<MatchBody>);
    return { ended: true, ledger: await taken };
  } catch (error) {
    if (error instanceof LogUnavailableError)
      return { ended: false, ledger: waiting(ledger, found.images, `the log cannot be read yet: ${error.message}`) };
    return { ended: true, ledger: failed(ledger, found.images, { step, ...failureOf(found.job, error), ...wayOf(found.job), at: now }) };
  }
}

/** How a Job was to come by an image, and with what. */
const wayOf = (job: KubeObject): Pick<ImageFailure, 'pull' | 'means'> => ({ ...(isPull(job) ? { pull: true } : {}), means: inputsOf(job) });

/** What an error says of an image; throws those that say nothing of it. */
function failureOf(job: KubeObject, error: unknown): Pick<NewFailure, 'class' | 'reason' | 'denied' | 'reference'> {
  if (error instanceof TakeInError) {
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

/** A Job ended without what it was made for. */
class TakeInError extends Error {
  override readonly name = 'TakeInError';
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

/** Bytes that an inventory from another namespace may unpack to: some 60,000 packages. */
const mostUntrusted = 16 * 1024 * 1024;

function waiting(ledger: ImageLedger, images: readonly string[], what: string | undefined): ImageLedger {
  const entries = images.flatMap((key) => (ledger[key] ? [[key, withWaiting(ledger[key], what)] as const] : []));
  return { ...ledger, ...Object.fromEntries(entries) };
}

function failed(ledger: ImageLedger, images: readonly string[], failure: NewFailure): ImageLedger {
  const entries = images.map((digest) => [digest, withFailure(ledger[digest] ?? { seen: failure.at }, failure)] as const);
  return { ...ledger, ...Object.fromEntries(entries) };
}

/** The checked log of a pod. Throws a {@link TakeInError} if there is none that counts, and a {@link LogUnavailableError}. */
async function readStream({ logs }: ImageJobContext, pod: JobPod, mostUnpacked: number | undefined): Promise<AcceptedStream<unknown>> {
  try {
    const read = await logs.read<unknown>(pod, { container: STREAM_CONTAINER, mostUnpacked });
    if ('class' in read) throw new TakeInError(read.class, failureText(read));
    return read;
  } catch (error) {
    if (isForbidden(error)) throw new TakeInError('Rejected', `the log may not be read: ${messageOf(error)}`);
    throw error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A server that does not know image volumes leaves them out, and then misses what the volume is. */
const noImageVolumes = '; nodes mount no images here: use images.mode Pull, with the database in a repository (--database-repository)';

/** The ledger after the server refused a Job: by quota, Pod Security or another policy. */
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
    ...wayOf(job),
    at,
  });
}
