import { RESOURCES } from '../../api/api-resource.ts';
import { ANNOTATIONS, API_VERSION, LABELS } from '../../api/group.ts';
import { mayHaveSucceeded } from '../../kube/client/kube-api-error.ts';
import { listAll } from '../../kube/list.ts';
import { collectGarbage } from '../../kube/documents/document-collector.ts';
import type { DocumentMetadata } from '../../kube/documents/document-config-map.ts';
import { DocumentConflict, isUnusable } from '../../kube/documents/document-error.ts';
import { DocumentStore, type StoredDocument, type DocumentClient } from '../../kube/documents/document-store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Ledger } from './ledger.ts';
import { scanHash } from './names.ts';
import { LEDGER } from './scan-documents.ts';
import type { AttemptInput, ScanInput } from '../../worker/scan-input.ts';
import { INPUT, INPUT_FILE, SHARDS, SHARDS_FILE } from '../../worker/input-documents.ts';

/** The owner of stored documents. */
export interface ScanIdentity {
  readonly name: string;
  readonly uid: string;
}

/** A ledger with the version that was read or written. */
export interface StoredLedger extends Pick<StoredDocument<Ledger>, 'resourceVersion' | 'pieces'> {
  readonly ledger: Ledger;
}

/** Another writer changed the ledger since it was read: the state in this process is outdated. */
export class LedgerConflict extends Error {
  override readonly name = 'LedgerConflict';
}

/** The input of a scan was deleted, is damaged, or has an unknown version: the scan has to be planned again. */
export class InputLost extends Error {
  override readonly name = 'InputLost';
}

/** A plan that is not stored yet. */
export interface UnstoredPlan {
  readonly input: ScanInput;
  readonly shards: AttemptInput;
}

/** The names of the ConfigMaps with a plan. */
export interface StoredPlan {
  readonly input: readonly string[];
  readonly configMaps: readonly string[];
}

/** Stores the documents of a scan, owned by the Scan: the ledger, and the ConfigMaps that pods mount. */
export class LedgerStore {
  readonly #store: DocumentStore;
  readonly #log: Logger | undefined;

  constructor(client: DocumentClient, namespace: string, log?: Logger) {
    this.#store = new DocumentStore(client, namespace, (error) => log?.warn({ err: error }, 'pieces of the previous document not removed'));
    this.#log = log;
  }

  /**
   * Reads the ledger of a scan from the API server, never from a cache. Returns undefined if it has none. A ledger of an older version is
   * converted and written, with one line in the log. Throws {@link InputLost} if it cannot be used.
   */
  async read(scan: ScanIdentity): Promise<StoredLedger | undefined> {
    const name = ledgerName(scan);
    const found = await usable(this.#store.read(name, LEDGER));
    if (!found) return undefined;
    const stored = storedOf(found);
    if (found.formatVersion === LEDGER.formatVersion) return stored;
    const { formatVersion } = found;
    this.#log?.info({ scan: scan.name, formatVersion }, 'ledger of an older version converted');
    return this.update(scan, stored);
  }

  /**
   * Stores a plan and creates the ledger: with it, the scan has started. First deletes what an earlier try left behind. Deletes its own
   * documents if it fails. Throws {@link LedgerConflict} if the scan has a ledger.
   */
  async begin(scan: ScanIdentity, { input, shards }: UnstoredPlan, ledgerOf: (kept: StoredPlan) => Ledger): Promise<StoredLedger> {
    await this.#clear(scan);
    const made: string[] = [];
    try {
      made.push(...(await this.#store.keep(placeOf(scan, INPUT_FILE), INPUT, input, INPUT_FILE)));
      const names = [...made];
      made.push(...(await this.storeShards(scan, shards)));
      const ledger = ledgerOf({ input: names, configMaps: made.slice(names.length) });
      return await conflicting(this.#store.write(headOf(scan), LEDGER, ledger));
    } catch (error) {
      // A ledger that exists after all refers to them; otherwise the next try deletes them.
      if (!mayHaveSucceeded(error))
        await this.#store.removePieces(made).catch((left: unknown) => this.#log?.warn({ err: left }, 'scan plan not removed'));
      throw error;
    }
  }

  /** Writes the ledger. Throws {@link LedgerConflict} if it was changed since it was read. */
  update(scan: ScanIdentity, { ledger, ...before }: StoredLedger): Promise<StoredLedger> {
    return conflicting(this.#store.write(headOf(scan), LEDGER, ledger, before));
  }

  /** Stores the shards of another attempt. Returns the names of the ConfigMaps. */
  storeShards(scan: ScanIdentity, shards: AttemptInput): Promise<string[]> {
    return this.#store.keep(placeOf(scan, SHARDS_FILE), SHARDS, shards, SHARDS_FILE);
  }

  /** Reads the input of a scan. Throws {@link InputLost} if it cannot be used. */
  async input(names: readonly string[]): Promise<ScanInput> {
    return (await usable(this.#store.load(INPUT, names))).content;
  }

  /** Reads the shards of an attempt. Throws {@link InputLost} if they cannot be used. */
  async shards(names: readonly string[]): Promise<AttemptInput> {
    return (await usable(this.#store.load(SHARDS, names))).content;
  }

  /** Throws {@link InputLost} if one of these ConfigMaps was deleted: pods that mount it would wait forever. */
  async assertStored(scan: ScanIdentity, names: readonly string[]): Promise<void> {
    const options = { namespace: this.#store.namespace, labelSelector: selectorOf(scan), metadataOnly: true };
    const there = new Set((await listAll(this.#store.client, RESOURCES.configMaps, options)).map(({ metadata }) => metadata.name));
    const lost = names.find((name) => !there.has(name));
    if (lost !== undefined) throw new InputLost(`ConfigMap ${lost} is gone`);
  }

  /** Deletes all documents of a scan, the ledger last. */
  async remove(scan: ScanIdentity): Promise<void> {
    await this.#clear(scan);
    await this.#store.remove(ledgerName(scan));
  }

  async #clear(scan: ScanIdentity): Promise<void> {
    await collectGarbage(this.#store, { labelSelector: selectorOf(scan), keep: new Set([ledgerName(scan)]), now: Date.now() });
  }
}

const storedOf = ({ content, resourceVersion, pieces }: StoredDocument<Ledger>): StoredLedger => ({
  ledger: content,
  resourceVersion,
  pieces,
});

async function conflicting(written: Promise<StoredDocument<Ledger>>): Promise<StoredLedger> {
  try {
    return storedOf(await written);
  } catch (error) {
    if (error instanceof DocumentConflict) throw new LedgerConflict('the ledger was changed by another writer', { cause: error });
    throw error;
  }
}

async function usable<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (isUnusable(error)) throw new InputLost(error.message, { cause: error });
    throw error;
  }
}

const selectorOf = ({ uid }: ScanIdentity): string => `${LABELS.scan}=${scanHash(uid)}`;
const ledgerName = ({ uid }: ScanIdentity): string => `vigil-${scanHash(uid)}-ledger`;

const headOf = (scan: ScanIdentity): DocumentMetadata => ({ ...placeOf(scan, ''), name: ledgerName(scan) });

const placeOf = ({ name, uid }: ScanIdentity, part: string): DocumentMetadata => ({
  name: `vigil-${scanHash(uid)}-${part}`,
  labels: { [LABELS.scan]: scanHash(uid) },
  annotations: { [ANNOTATIONS.scan]: name },
  ownerReferences: [{ apiVersion: API_VERSION, kind: 'Scan', name, uid, controller: true }],
});
