import { checkedInventoryOf } from '../inventory/checked-inventory.ts';
import type { ImageFindings, MatchBody, MatchRecord, Vulnerability } from '../matching/image-finding.ts';
import { databaseOf, javaIndexOf } from './image-job-state.ts';
import { namespaceOf } from '../targets/image-key.ts';
import { inputsOf } from './scanner-inputs.ts';
import { withFailure, withSuccess, type ImageEntry, type ImageLedger } from '../ledger/image-ledger.ts';
import type { ImageStore } from '../ledger/image-store.ts';
import { inventoryOf, type Inventory, type InventoryBody, type InventoryRecord } from '../inventory/inventory.ts';
import type { AcceptedStream } from '../../stream/stream-reader.ts';
import type { ImageJob } from './image-job-list.ts';
import { imageHash } from '../targets/image-names.ts';

/** The dependencies of {@link withInventory} and {@link withMatches}. */
export interface CollectContext {
  readonly store: ImageStore;
  readonly now: number;
}

/** Returns the ledger with the inventory that a Job printed. Throws an error if the output is not an inventory. */
export async function withInventory(
  { store, now }: CollectContext,
  { job, images: [digest = ''] }: ImageJob,
  ledger: ImageLedger,
  stream: AcceptedStream<InventoryBody>,
): Promise<ImageLedger> {
  const { unidentified, ...known } = inventoryIn(digest, stream);
  // Archives that the index does not have are private. No database has vulnerabilities of them, so they are not reported.
  const index = javaIndexOf(job);
  const inventory = { ...known, ...(unidentified && index === undefined ? { unidentified } : {}) };
  const configMaps = await store.keepInventory(digest, inventory);
  const before = ledger[digest] ?? { seen: now };
  // Secrets are part of the inventory. Earlier matches are kept until the image is matched again.
  const matched = before.findings?.database ? before.findings : undefined;
  const findings = matched ?? {
    configMaps: await store.keepFindings(digest, findingsWith(inventory, [])),
    ...{ database: '', databaseBuilt: '', at: now },
  };
  const kept = { configMaps, at: now, ...(unidentified ? { javaIndex: index ?? '' } : {}) };
  return { ...ledger, [digest]: withSuccess(before, 'inventory', { inventory: kept, findings }) };
}

/** Validates an inventory from another namespace, where other users could have changed the output of the pod. */
const inventoryIn = (key: string, stream: AcceptedStream<InventoryBody>): Inventory =>
  namespaceOf(key) === undefined
    ? inventoryOf(stream.records() as Iterable<InventoryRecord>, stream.trailer.body)
    : checkedInventoryOf(stream.records() as Iterable<unknown>, stream.trailer.body);

/** Returns the findings of an image from its inventory and its vulnerabilities. */
const findingsWith = ({ secrets, unreadable, unidentified }: Inventory, vulnerabilities: readonly Vulnerability[]): ImageFindings => ({
  vulnerabilities,
  secrets,
  ...(unreadable ? { unreadable } : {}),
  ...(unidentified ? { unidentified } : {}),
});

interface Matched {
  readonly vulnerabilities: Vulnerability[];
  end?: Exclude<MatchRecord, { type: 'vulnerability' }>;
}

/** Returns the ledger with the results of a match Job. */
export async function withMatches(
  context: CollectContext,
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
  const source = { database: databaseOf(job), databaseBuilt: stream.trailer.body.database, inputs: inputsOf(job) };
  const entries: [string, ImageEntry][] = [];
  for (const digest of images) {
    const before = ledger[digest];
    const found = before && matched.get(nameOf(digest, before));
    const entry = found && (await matchedEntry(context, digest, before, { ...found, ...source }));
    if (entry) entries.push([digest, entry]);
  }
  return { ...ledger, ...Object.fromEntries(entries) };
}

/** The name of an image in a match stream: the hash of the key under which its inventory was taken. */
const nameOf = (key: string, { inventory }: ImageEntry): string => imageHash(inventory?.of ?? key);

async function matchedEntry(
  { store, now }: CollectContext,
  digest: string,
  entry: ImageEntry,
  {
    vulnerabilities,
    end,
    database,
    databaseBuilt,
    inputs,
  }: Matched & { readonly database: string; readonly databaseBuilt: string; readonly inputs: string },
): Promise<ImageEntry | undefined> {
  if (end?.type === 'failed') {
    const { inventory, ...rest } = withFailure(entry, { step: 'match', reason: end.message, at: now, inputs });
    return end.damaged === true || !inventory ? rest : { ...rest, inventory };
  }
  if (!end) return undefined;
  const inventory = await store.inventory(entry.inventory?.configMaps ?? []);
  if (!inventory) {
    const { inventory: lost, ...rest } = withFailure(entry, { step: 'match', reason: 'the stored inventory cannot be read', at: now });
    return rest;
  }
  const configMaps = await store.keepFindings(digest, findingsWith(inventory, vulnerabilities));
  return withSuccess(entry, 'match', { findings: { configMaps, database, databaseBuilt, at: now } });
}
