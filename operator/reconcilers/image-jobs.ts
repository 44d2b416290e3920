import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, LABELS } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { InventoryRecordError } from '../images/checked-inventory.ts';
import type { MatchBody } from '../images/image-finding.ts';
import { isPull, preferredNode } from '../images/image-job-state.ts';
import { meansOf } from '../images/image-means.ts';
import { STREAM_CONTAINER } from '../images/image-job.ts';
import { imageJobOutcome, missingReference, wantsEvents, type ImageJobOutcome } from '../images/image-job-outcome.ts';
import { eventsAbout } from '../jobs/job-events.ts';
import type { FailureClass } from '../jobs/job-failure.ts';
import { JobRunner } from '../jobs/job-runner.ts';
import { withFailure, withWaiting, type ImageFailure, type ImageLedger, type NewFailure } from '../images/image-ledger.ts';
import type { InventoryBody } from '../images/inventory.ts';
import { KubeApiError } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { lines } from '../kube/lines.ts';
import { resourcePath } from '../kube/resource-path.ts';
import type { AgeOf, JobObject } from '../jobs/job-state.ts';
import { StreamError } from '../stream/frame.ts';
import { acceptStream, type AcceptedStream } from '../stream/stream-reader.ts';
import { withInventory, withMatches, type IntakeContext } from './image-intake.ts';
import type { ImageJob } from './image-job-list.ts';
import { PARTS } from '../images/image-names.ts';

/** What taking in finished Jobs needs. */
export interface ImageJobContext extends IntakeContext {
  readonly client: KubeClient;
  /** Vigil's namespace. */
  readonly home: string;
  readonly ageOf: AgeOf;
}

/** What a Job makes of the ledger, and whether it has ended. */
export interface TakenIn {
  readonly ended: boolean;
  readonly ledger: ImageLedger;
  /** Where a Job that runs is at work, or will best be: nowhere while it waits for too long. */
  readonly node?: string | undefined;
}

/** Looks at a Job, and takes in what it says when it has ended. */
export async function takeIn(context: ImageJobContext, found: ImageJob, ledger: ImageLedger): Promise<TakenIn> {
  const { client, home, now } = context;
  const { namespace = home } = found.job.metadata;
  const step = found.part === PARTS.inventory ? 'inventory' : 'match';
  const { outcome, node } = await outcomeOf(context, { job: found.job, namespace });
  if (outcome.kind === 'running')
    return { ended: false, ledger: waiting(ledger, found.images, outcome.waits), ...(outcome.waits === undefined ? { node } : {}) };
  try {
    if (outcome.kind === 'failed') throw new TakeInError(outcome.class, outcome.reason, outcome.denied);
    const stream = await readStream(client, { namespace, name: outcome.pod.metadata.name }, namespace === home ? undefined : mostUntrusted);
    const taken =
      step === 'inventory'
        ? withInventory(context, found, ledger, stream as AcceptedStream<InventoryBody>)
        : withMatches(context, found, ledger, stream as AcceptedStream<MatchBody>);
    return { ended: true, ledger: await taken };
  } catch (error) {
    return { ended: true, ledger: failed(ledger, found.images, { step, ...failureOf(found.job, error), ...wayOf(found.job), at: now }) };
  }
}

/** How a Job was to come by an image, and with what. */
const wayOf = (job: KubeObject): Pick<ImageFailure, 'pull' | 'means'> => ({ ...(isPull(job) ? { pull: true } : {}), means: meansOf(job) });

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
  const events = wantsEvents(pods) ? await eventsAbout(client, namespace, pods[0] ?? job) : [];
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

/** The checked log of a pod. Throws a `StreamError` or a {@link TakeInError} where there is none. */
async function readStream(
  client: KubeClient,
  pod: { readonly namespace: string; readonly name: string },
  mostUnpacked: number | undefined,
): Promise<AcceptedStream<unknown>> {
  try {
    const path = resourcePath(RESOURCES.pods, { ...pod, sub: 'log' });
    const body = await client.stream({ path, query: { container: STREAM_CONTAINER } });
    return await acceptStream(lines(body as AsyncIterable<Buffer>), mostUnpacked);
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw mostUnpacked === undefined ? error : untrusted(error);
    if (error.status === 403) throw new TakeInError('LogLost', `the log may not be read: ${error.message}`);
    if (error.status === 404 || error.status === 400) throw new TakeInError('LogLost', `the log is lost: ${error.message}`);
    throw error;
  }
}

/** Whatever is wrong with what others could have written is that image's failure and nobody else's. */
const untrusted = (error: unknown): TakeInError =>
  new TakeInError('StreamBroken', `the log cannot be read: ${error instanceof Error ? error.message : String(error)}`);

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
