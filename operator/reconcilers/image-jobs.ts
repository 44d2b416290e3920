import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { imageHash, PARTS, STREAM_CONTAINER } from '../images/image-job.ts';
import type { ImageFindings, MatchBody, MatchRecord, Vulnerability } from '../images/image-finding.ts';
import { imageJobOutcome, type ImagePod } from '../images/image-job-outcome.ts';
import { withFailure, withSuccess, type ImageEntry, type ImageFailure, type ImageLedger } from '../images/image-ledger.ts';
import type { ImageStore } from '../images/image-store.ts';
import { inventoryOf, type Inventory, type InventoryBody, type InventoryRecord } from '../images/inventory.ts';
import { InventoryDocumentError, readInventoryDocument } from '../images/inventory-document.ts';
import { KubeApiError } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { lines } from '../kube/lines.ts';
import { listAll } from '../kube/list.ts';
import { resourcePath } from '../kube/resource-path.ts';
import type { ScanJob } from '../scan/job-state.ts';
import { StreamError } from '../stream/frame.ts';
import { acceptStream, type AcceptedStream } from '../stream/stream-reader.ts';

/** A Job for images that was found. */
export interface ImageJob {
  readonly job: ScanJob;
  readonly part: string;
  readonly images: readonly string[];
}

/** What taking in finished Jobs needs. */
export interface ImageJobContext {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly store: ImageStore;
  /** The database's image that is configured now. */
  readonly database: string | undefined;
  readonly now: number;
}

/** Vigil's Jobs for images. */
export async function imageJobs(client: KubeClient, namespace: string): Promise<ImageJob[]> {
  const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.part} in (${Object.values(PARTS).join(',')})`;
  const found = await listAll<ScanJob>(client, RESOURCES.jobs, { namespace, labelSelector });
  return found
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((job) => ({
      job,
      part: job.metadata.labels?.[LABELS.part] ?? '',
      images: (job.metadata.annotations?.[ANNOTATIONS.images] ?? '').split(' ').filter((digest) => digest !== ''),
    }));
}

/** What a Job that has ended makes of the ledger; undefined while it runs. */
export async function takeIn(context: ImageJobContext, found: ImageJob, ledger: ImageLedger): Promise<ImageLedger | undefined> {
  const { client, namespace, now } = context;
  const step = found.part === PARTS.inventory ? 'inventory' : 'match';
  const labelSelector = `batch.kubernetes.io/job-name=${found.job.metadata.name}`;
  const pods = await listAll<ImagePod>(client, RESOURCES.pods, { namespace, labelSelector });
  const outcome = imageJobOutcome(found.job, pods, now);
  if (outcome.kind === 'running') return undefined;
  const failAll = (reason: string): ImageLedger => failed(ledger, found.images, { step, reason, at: now });
  if (outcome.kind === 'failed') return failAll(outcome.reason);
  const stream = await readStream(client, { namespace, name: outcome.pod });
  if (typeof stream === 'string') return failAll(stream);
  return step === 'inventory'
    ? withInventory(context, found, ledger, stream as AcceptedStream<InventoryBody>)
    : withMatches(context, found, ledger, stream as AcceptedStream<MatchBody>);
}

function failed(ledger: ImageLedger, images: readonly string[], failure: Omit<ImageFailure, 'attempts'>): ImageLedger {
  const entries = images.map((digest) => [digest, withFailure(ledger[digest] ?? { seen: failure.at }, failure)] as const);
  return { ...ledger, ...Object.fromEntries(entries) };
}

/** The checked log of a pod, or why there is none. */
async function readStream(
  client: KubeClient,
  pod: { readonly namespace: string; readonly name: string },
): Promise<AcceptedStream<unknown> | string> {
  try {
    const path = resourcePath(RESOURCES.pods, { ...pod, sub: 'log' });
    const body = await client.stream({ path, query: { container: STREAM_CONTAINER } });
    return await acceptStream(lines(body as AsyncIterable<Buffer>));
  } catch (error) {
    if (error instanceof StreamError) return error.message;
    if (error instanceof KubeApiError && (error.status === 404 || error.status === 400)) return `the log is lost: ${error.message}`;
    throw error;
  }
}

async function withInventory(
  { store, now }: ImageJobContext,
  { images: [digest = ''] }: ImageJob,
  ledger: ImageLedger,
  stream: AcceptedStream<InventoryBody>,
): Promise<ImageLedger> {
  const inventory = inventoryOf(stream.records() as Iterable<InventoryRecord>, stream.trailer.body.unreadable);
  const { secrets, unreadable } = inventory;
  const configMaps = await store.keepInventory(digest, inventory);
  const before = ledger[digest] ?? { seen: now };
  // Secrets are known at once; vulnerabilities when a database was asked.
  const findings = before.findings ?? {
    configMaps: await store.keepFindings(digest, { vulnerabilities: [], secrets, ...(unreadable ? { unreadable } : {}) }),
    ...{ database: '', made: '', at: now },
  };
  return { ...ledger, [digest]: withSuccess(before, 'inventory', { inventory: { configMaps, at: now }, findings }) };
}

interface Matched {
  readonly vulnerabilities: Vulnerability[];
  end?: Exclude<MatchRecord, { type: 'vulnerability' }>;
}

async function withMatches(
  context: ImageJobContext,
  { job, images }: ImageJob,
  ledger: ImageLedger,
  stream: AcceptedStream<MatchBody>,
): Promise<ImageLedger> {
  const matched = new Map<string, Matched>();
  for (const record of stream.records() as Iterable<MatchRecord>) {
    const known = matched.get(record.image) ?? { vulnerabilities: [] };
    matched.set(record.image, known);
    if (record.type === 'vulnerability') known.vulnerabilities.push(record.vulnerability);
    else known.end = record;
  }
  const source = { database: databaseOf(job), made: stream.trailer.body.database };
  const entries: [string, ImageEntry][] = [];
  for (const digest of images) {
    const found = matched.get(imageHash(digest));
    const entry = found && ledger[digest] && (await matchedEntry(context, digest, ledger[digest], { ...found, ...source }));
    if (entry) entries.push([digest, entry]);
  }
  return { ...ledger, ...Object.fromEntries(entries) };
}

interface TemplateSpec {
  readonly initContainers?: readonly { readonly name: string; readonly image?: string }[];
  readonly volumes?: readonly { readonly name: string; readonly image?: { readonly reference?: string } }[];
}

function templateOf(job: KubeObject): TemplateSpec {
  const { spec } = job as KubeObject & { readonly spec?: { readonly template?: { readonly spec?: TemplateSpec } } };
  return spec?.template?.spec ?? {};
}

const volumeImage = (job: KubeObject, volume: string): string | undefined =>
  templateOf(job).volumes?.find(({ name }) => name === volume)?.image?.reference;

/** The database that a Job matches with, by its volume. */
const databaseOf = (job: KubeObject): string => volumeImage(job, 'database') ?? '';

/** The scanner's image that a Job runs. */
export const scannerOf = (job: KubeObject): string | undefined =>
  templateOf(job).initContainers?.find(({ name }) => name === 'trivy')?.image ?? volumeImage(job, 'trivy');

/** The ledger after the server refused a Job: by quota, Pod Security or another policy. */
export function withRefusal(
  ledger: ImageLedger,
  { metadata: { annotations, labels } }: KubeObject,
  { reason, at }: { readonly reason: string; readonly at: number },
): ImageLedger {
  const step = labels?.[LABELS.part] === PARTS.inventory ? 'inventory' : 'match';
  return failed(ledger, (annotations?.[ANNOTATIONS.images] ?? '').split(' '), {
    step,
    reason: `the Job was refused: ${reason}`.slice(0, 600),
    at,
  });
}

/** The inventory of an image as it was taken; undefined when it is gone or somebody changed it. */
async function inventoryIn(store: ImageStore, { inventory }: ImageEntry): Promise<Inventory | undefined> {
  try {
    return readInventoryDocument(await store.read(inventory?.configMaps ?? [])).inventory;
  } catch (error) {
    if (error instanceof InventoryDocumentError) return undefined;
    throw error;
  }
}

async function matchedEntry(
  { store, now }: ImageJobContext,
  digest: string,
  entry: ImageEntry,
  { vulnerabilities, end, database, made }: Matched & { readonly database: string; readonly made: string },
): Promise<ImageEntry | undefined> {
  if (end?.type === 'failed') {
    const { inventory, ...rest } = withFailure(entry, { step: 'match', reason: end.message, at: now });
    return end.damaged === true || !inventory ? rest : { ...rest, inventory };
  }
  if (!end) return undefined;
  const inventory = await inventoryIn(store, entry);
  if (!inventory) {
    const { inventory: lost, ...rest } = withFailure(entry, { step: 'match', reason: 'the inventory is not as it was written', at: now });
    return rest;
  }
  const { secrets, unreadable } = inventory;
  const findings: ImageFindings = { vulnerabilities, secrets, ...(unreadable ? { unreadable } : {}) };
  const configMaps = await store.keepFindings(digest, findings);
  return withSuccess(entry, 'match', { findings: { configMaps, database, made, at: now } });
}
