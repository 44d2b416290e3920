import { RESOURCES } from '../../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { listAll } from '../../kube/list.ts';
import { isUnusable } from '../../kube/documents/document-error.ts';
import type { DocumentKind } from '../../kube/documents/document-kind.ts';
import { DocumentStore, type PreviousDocument, type StoredDocument, type DocumentClient } from '../../kube/documents/document-store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { FINDINGS, IMAGE_LEDGER } from './image-documents.ts';
import type { ImageFindings } from '../matching/image-finding.ts';
import type { ImageLedger } from './image-ledger.ts';
import { INVENTORY } from '../inventory/inventory-document.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { imageHash, inventoryDocumentName } from '../targets/image-names.ts';

/** A ledger with the stored version that the next write replaces; without that, the ledger does not exist yet. */
export interface StoredImageLedger {
  readonly ledger: ImageLedger;
  readonly before?: PreviousDocument;
}

/** The name of the ledger's ConfigMap. */
export const IMAGE_LEDGER_NAME = 'vigil-images';
const parts = { inventory: 'image-inventory', findings: 'image-findings' } as const;

/** Stores the image ledger, and the inventory and findings of each image, in documents in Vigil's namespace. */
export class ImageStore {
  readonly #store: DocumentStore;
  readonly #log: Logger | undefined;

  constructor(client: DocumentClient, namespace: string, log?: Logger) {
    this.#store = new DocumentStore(client, namespace, (error) => log?.warn({ err: error }, 'pieces of the previous document not removed'));
    this.#log = log;
  }

  /**
   * Reads the ledger. If it cannot be used, because it was edited or a newer version wrote it, logs a warning and returns an empty ledger:
   * all inventories are taken again. A ledger of an older version is converted and written.
   */
  async readLedger(): Promise<StoredImageLedger> {
    try {
      const found = await this.#store.read(IMAGE_LEDGER_NAME, IMAGE_LEDGER);
      if (!found) return { ledger: {} };
      const stored = storedOf(found);
      if (found.formatVersion === IMAGE_LEDGER.formatVersion) return stored;
      const { formatVersion } = found;
      this.#log?.info({ formatVersion, images: Object.keys(stored.ledger).length }, 'image ledger of an older version converted');
      return await this.writeLedger(stored);
    } catch (error) {
      if (!isUnusable(error)) throw error;
      this.#log?.warn({ reason: error.message }, 'image ledger cannot be used: all inventories are taken again');
      const before = await this.#store.previous(IMAGE_LEDGER_NAME);
      return { ledger: {}, ...(before ? { before } : {}) };
    }
  }

  /** Writes the ledger. Throws a `DocumentConflict` if it changed since it was read. */
  async writeLedger({ ledger, before }: StoredImageLedger): Promise<StoredImageLedger> {
    return storedOf(await this.#store.write({ name: IMAGE_LEDGER_NAME }, IMAGE_LEDGER, ledger, before));
  }

  /** Writes an inventory to new ConfigMaps. Returns their names. */
  keepInventory(digest: string, inventory: Inventory): Promise<string[]> {
    const file = inventoryDocumentName(digest);
    return this.#store.keep(placeOf(file, parts.inventory), INVENTORY, { digest, inventory }, file);
  }

  /** Writes the findings of an image to new ConfigMaps. Returns their names. */
  keepFindings(digest: string, findings: ImageFindings): Promise<string[]> {
    return this.#store.keep(placeOf(`findings-${imageHash(digest)}`, parts.findings), FINDINGS, findings);
  }

  /** Reads an inventory; undefined if it cannot be used. */
  async inventory(configMaps: readonly string[]): Promise<Inventory | undefined> {
    return (await this.#load(INVENTORY, configMaps))?.inventory;
  }

  /** Reads the findings of an image; undefined if they cannot be used. */
  findings(configMaps: readonly string[]): Promise<ImageFindings | undefined> {
    return this.#load(FINDINGS, configMaps);
  }

  /** Lists the metadata of the ConfigMaps with inventories and findings, by name. */
  async configMaps(): Promise<ReadonlyMap<string, KubeObject>> {
    const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.part} in (${Object.values(parts).join(',')})`;
    const { client, namespace } = this.#store;
    const found = await listAll(client, RESOURCES.configMaps, { namespace, labelSelector, metadataOnly: true });
    return new Map(found.map((object) => [object.metadata.name, object]));
  }

  /** Deletes ConfigMaps. */
  remove(configMaps: readonly string[]): Promise<void> {
    return this.#store.removePieces(configMaps);
  }

  async #load<T>(kind: DocumentKind<T>, configMaps: readonly string[]): Promise<T | undefined> {
    try {
      return (await this.#store.load(kind, configMaps)).content;
    } catch (error) {
      if (!isUnusable(error)) throw error;
      this.#log?.warn({ reason: error.message }, 'image document cannot be used: it is made again');
      return undefined;
    }
  }
}

const storedOf = ({ content, ...before }: StoredDocument<ImageLedger>): StoredImageLedger => ({ ledger: content, before });

const placeOf = (name: string, part: string): { readonly name: string; readonly labels: Readonly<Record<string, string>> } => ({
  name: `vigil-${name}`,
  labels: { [LABELS.part]: part },
});
