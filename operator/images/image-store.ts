import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { RESOURCES } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listAll } from '../kube/list.ts';
import { documentConfigMaps, documentOf, type ChunkConfigMap } from '../scan/config-map-chunks.ts';
import type { ImageFindings } from './image-finding.ts';
import { imageHash, inventoryDocumentName } from './image-job.ts';
import type { ImageLedger } from './image-ledger.ts';
import type { Inventory } from './inventory.ts';
import { inventoryDocument } from './inventory-document.ts';

/** A ledger with the version that it was read or written at; none: it is not there yet. */
export interface StoredImageLedger {
  readonly ledger: ImageLedger;
  readonly resourceVersion?: string;
}

const ledgerName = 'vigil-images';
const key = 'ledger.json.gz';
const parts = { inventory: 'image-inventory', findings: 'image-findings' } as const;

/** Keeps what is known of images in ConfigMaps of Vigil's namespace: the ledger, and by image its inventory and its findings. */
export class ImageStore {
  readonly #client: KubeClient;
  readonly #namespace: string;

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** The ledger. One that cannot be read, because it was edited by hand, is an empty one: everything is taken again. */
  async readLedger(): Promise<StoredImageLedger> {
    try {
      const { metadata, binaryData } = await this.#client.get<ChunkConfigMap>(RESOURCES.configMaps, this.#key(ledgerName));
      return { ledger: parsed(binaryData?.[key]), resourceVersion: metadata.resourceVersion ?? '' };
    } catch (error) {
      if (isNotFound(error)) return { ledger: {} };
      throw error;
    }
  }

  /** Writes the ledger anew; throws a 409 when it is not as it was read any more. */
  async writeLedger({ ledger, resourceVersion }: StoredImageLedger): Promise<StoredImageLedger> {
    const metadata = {
      ...this.#key(ledgerName),
      labels: { [LABELS.managedBy]: MANAGED_BY },
      ...(resourceVersion ? { resourceVersion } : {}),
    };
    const object: ChunkConfigMap = { metadata, binaryData: { [key]: gzipSync(JSON.stringify(ledger)).toString('base64') } };
    const written = resourceVersion
      ? await this.#client.replace<ChunkConfigMap>(RESOURCES.configMaps, object)
      : await this.#client.create<ChunkConfigMap>(RESOURCES.configMaps, object);
    return { ledger, resourceVersion: written.metadata.resourceVersion ?? '' };
  }

  /** Keeps an inventory in new ConfigMaps. Returns their names. */
  keepInventory(digest: string, inventory: Inventory): Promise<string[]> {
    return this.#keep(inventoryDocumentName(digest), parts.inventory, inventoryDocument(digest, inventory));
  }

  /** Keeps what was found in an image in new ConfigMaps. Returns their names. */
  keepFindings(digest: string, findings: ImageFindings): Promise<string[]> {
    return this.#keep(`findings-${imageHash(digest)}`, parts.findings, findings);
  }

  /** A document that was kept; undefined when a piece of it is gone or damaged. */
  async read(configMaps: readonly string[]): Promise<unknown> {
    const chunks: ChunkConfigMap[] = [];
    try {
      for (const name of configMaps) chunks.push(await this.#client.get<ChunkConfigMap>(RESOURCES.configMaps, this.#key(name)));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
    try {
      return documentOf(chunks);
    } catch {
      return undefined;
    }
  }

  /** The ConfigMaps of inventories and findings that are there. */
  async names(): Promise<ReadonlyMap<string, KubeObject>> {
    const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.part} in (${Object.values(parts).join(',')})`;
    const found = await listAll(this.#client, RESOURCES.configMaps, { namespace: this.#namespace, labelSelector, metadataOnly: true });
    return new Map(found.map((object) => [object.metadata.name, object]));
  }

  /** Removes ConfigMaps. */
  async remove(configMaps: readonly string[]): Promise<void> {
    for (const name of configMaps) await this.#client.delete(RESOURCES.configMaps, this.#key(name));
  }

  async #keep(name: string, part: string, document: unknown): Promise<string[]> {
    const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.part]: part };
    const own = `vigil-${name}-${randomUUID().slice(0, 6)}`;
    const chunks = documentConfigMaps(name, document, { name: own, namespace: this.#namespace, labels });
    for (const chunk of chunks) await this.#client.create(RESOURCES.configMaps, chunk);
    return chunks.map(({ metadata }) => metadata.name);
  }

  #key(name: string): { readonly namespace: string; readonly name: string } {
    return { namespace: this.#namespace, name };
  }
}

function parsed(text: string | undefined): ImageLedger {
  try {
    return JSON.parse(gunzipSync(Buffer.from(text ?? '', 'base64')).toString('utf8')) as ImageLedger;
  } catch {
    return {};
  }
}
