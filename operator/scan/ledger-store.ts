import { gunzipSync, gzipSync } from 'node:zlib';
import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, API_VERSION, LABELS, MANAGED_BY } from '../api/group.ts';
import type { ObjectMeta } from '../api/metadata.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listAll, listPages } from '../kube/list.ts';
import { documentConfigMaps, documentOf, type ChunkConfigMap } from './config-map-chunks.ts';
import type { Ledger } from './ledger.ts';
import { scanHash, shortHash } from './names.ts';

/** The Scan that things are kept for. */
export interface ScanIdentity {
  readonly name: string;
  readonly uid: string;
}

/** A ledger with the version that it was read or written at. */
export interface StoredLedger {
  readonly ledger: Ledger;
  readonly resourceVersion: string;
}

/** Somebody else wrote the ledger since it was read: what this process believes of the scan is out of date. */
export class LedgerConflict extends Error {
  override readonly name = 'LedgerConflict';
}

/** What a scan was planned with is gone: nothing but a new plan helps. */
export class InputLost extends Error {
  override readonly name = 'InputLost';
}

const key = 'ledger.json.gz';

/** Keeps what a scan needs in ConfigMaps that its Scan owns: the ledger, and immutable documents in chunks. */
export class LedgerStore {
  readonly #client: KubeClient;
  readonly #namespace: string;

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** The scan's ledger, or undefined when it has none. Read from the server, never from a cache. */
  async read(scan: ScanIdentity): Promise<StoredLedger | undefined> {
    try {
      const found = await this.#client.get<ChunkConfigMap>(RESOURCES.configMaps, { namespace: this.#namespace, name: this.#name(scan) });
      const text = gunzipSync(Buffer.from(found.binaryData?.[key] ?? '', 'base64')).toString('utf8');
      return { ledger: JSON.parse(text) as Ledger, resourceVersion: found.metadata.resourceVersion ?? '' };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Makes the ledger: from here on the scan has begun. Throws {@link LedgerConflict} when it has one. */
  create(scan: ScanIdentity, ledger: Ledger): Promise<StoredLedger> {
    return this.#write(ledger, () => this.#client.create<ChunkConfigMap>(RESOURCES.configMaps, this.#object(scan, ledger)));
  }

  /** Writes the ledger anew. Throws {@link LedgerConflict} when it is not as it was read any more. */
  update(scan: ScanIdentity, { ledger, resourceVersion }: StoredLedger): Promise<StoredLedger> {
    return this.#write(ledger, () =>
      this.#client.replace<ChunkConfigMap>(RESOURCES.configMaps, this.#object(scan, ledger, resourceVersion)),
    );
  }

  /** Keeps a document in new ConfigMaps. `part` says what for, such as `input` or `shards`: it begins their keys. Returns their names. */
  async keep(scan: ScanIdentity, part: string, document: unknown): Promise<string[]> {
    const nonce = shortHash(`${part}/${Date.now()}/${Math.random()}`, 6);
    const metadata = this.#metadata(scan, `vigil-${scanHash(scan.uid)}-${part}-${nonce}`);
    const chunks = documentConfigMaps(part, document, metadata);
    for (const chunk of chunks) await this.#client.create(RESOURCES.configMaps, chunk);
    return chunks.map((chunk) => chunk.metadata.name);
  }

  /** A document that was kept. Throws {@link InputLost} when a part of it is gone. */
  async document(names: readonly string[]): Promise<unknown> {
    const chunks: ChunkConfigMap[] = [];
    for (const name of names) chunks.push(await this.#chunk(name));
    return documentOf(chunks);
  }

  /** Throws {@link InputLost} when one of these is not there any more: pods that mount it would wait for it without end. */
  async assertKept(scan: ScanIdentity, names: readonly string[]): Promise<void> {
    const options = { namespace: this.#namespace, labelSelector: `${LABELS.scan}=${scanHash(scan.uid)}`, metadataOnly: true };
    const there = new Set((await listAll(this.#client, RESOURCES.configMaps, options)).map(({ metadata }) => metadata.name));
    const lost = names.find((name) => !there.has(name));
    if (lost !== undefined) throw new InputLost(`ConfigMap ${lost} is gone`);
  }

  async #chunk(name: string): Promise<ChunkConfigMap> {
    try {
      return await this.#client.get<ChunkConfigMap>(RESOURCES.configMaps, { namespace: this.#namespace, name });
    } catch (error) {
      if (isNotFound(error)) throw new InputLost(`ConfigMap ${name} is gone`, { cause: error });
      throw error;
    }
  }

  /** Removes all that is kept for a scan, the ledger last. */
  async remove(scan: ScanIdentity): Promise<void> {
    const labelSelector = `${LABELS.scan}=${scanHash(scan.uid)}`;
    const last = this.#name(scan);
    const options = { namespace: this.#namespace, labelSelector, metadataOnly: true };
    for await (const { items } of listPages(this.#client, RESOURCES.configMaps, options)) {
      for (const { metadata } of items) {
        if (metadata.name !== last) await this.#client.delete(RESOURCES.configMaps, { namespace: this.#namespace, name: metadata.name });
      }
    }
    await this.#client.delete(RESOURCES.configMaps, { namespace: this.#namespace, name: last });
  }

  async #write(ledger: Ledger, write: () => Promise<ChunkConfigMap>): Promise<StoredLedger> {
    try {
      const { metadata } = await write();
      return { ledger, resourceVersion: metadata.resourceVersion ?? '' };
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) throw new LedgerConflict('the ledger was changed by another', { cause: error });
      throw error;
    }
  }

  #name(scan: ScanIdentity): string {
    return `vigil-${scanHash(scan.uid)}-ledger`;
  }

  #metadata({ name, uid }: ScanIdentity, own: string): ObjectMeta {
    return {
      name: own,
      namespace: this.#namespace,
      labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.scan]: scanHash(uid) },
      annotations: { [ANNOTATIONS.scan]: name },
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'Scan', name, uid, controller: true }],
    };
  }

  #object(scan: ScanIdentity, ledger: Ledger, resourceVersion?: string): ChunkConfigMap {
    const metadata = { ...this.#metadata(scan, this.#name(scan)), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    return { metadata, binaryData: { [key]: gzipSync(JSON.stringify(ledger)).toString('base64') } };
  }
}
