import { RESOURCES } from '../../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { listAll } from '../../kube/list.ts';
import { isUnusable } from '../../kube/documents/document-error.ts';
import type { DocumentKind } from '../../kube/documents/document-kind.ts';
import { DocumentStore, type PreviousDocument, type StoredDocument } from '../../kube/documents/document-store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { FINDINGS, IMAGE_LEDGER } from './image-documents.ts';
import type { ImageFindings } from '../matching/image-finding.ts';
import type { ImageLedger } from './image-ledger.ts';
import { INVENTORY } from '../inventory/inventory-document.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { imageHash, inventoryDocumentName } from '../targets/image-names.ts';

/** A ledger with what it was before it is written again; without that, it is not there yet. */
export interface StoredImageLedger {
  readonly ledger: ImageLedger;
  readonly before?: PreviousDocument;
}

/** The ConfigMap with the ledger. */
export const IMAGE_LEDGER_NAME = 'vigil-images';
const parts = { inventory: 'image-inventory', findings: 'image-findings' } as const;

/** Keeps what is known of images in documents of Vigil's namespace: the ledger, and by image its inventory and its findings. */
export class ImageStore {
  readonly #store: DocumentStore;
  readonly #log: Logger | undefined;

  constructor(client: KubeClient, namespace: string, log?: Logger) {
    this.#store = new DocumentStore(client, namespace, (error) => log?.warn({ err: error }, 'pieces of the previous document not removed'));
    this.#log = log;
  }

  /**
   * The ledger. One that cannot be used, because it was edited by hand or a newer version wrote it, is an empty one, with a warning in the log:
   * everything is taken again. One of an older version is written anew, with one line in the log.
   */
  async readLedger(): Promise<StoredImageLedger> {
    try {
      const found = await this.#store.read(IMAGE_LEDGER_NAME, IMAGE_LEDGER);
      if (!found) return { ledger: {} };
      const stored = storedOf(found);
      if (found.formatVersion === IMAGE_LEDGER.formatVersion) return stored;
      const { formatVersion } = found;
      this.#log?.info(
        { formatVersion, images: Object.keys(stored.ledger).length },
        'what an older version of Vigil knew of images is taken over',
      );
      return await this.writeLedger(stored);
    } catch (error) {
      if (!isUnusable(error)) throw error;
      this.#log?.warn({ reason: error.message }, 'what was known of images cannot be used: all inventories are taken again');
      const before = await this.#store.previous(IMAGE_LEDGER_NAME);
      return { ledger: {}, ...(before ? { before } : {}) };
    }
  }

  /** Writes the ledger anew; throws a `DocumentConflict` when it is not as it was read any more. */
  async writeLedger({ ledger, before }: StoredImageLedger): Promise<StoredImageLedger> {
    return storedOf(await this.#store.write({ name: IMAGE_LEDGER_NAME }, IMAGE_LEDGER, ledger, before));
  }

  /** Keeps an inventory in new ConfigMaps. Returns their names. */
  keepInventory(digest: string, inventory: Inventory): Promise<string[]> {
    const file = inventoryDocumentName(digest);
    return this.#store.keep(placeOf(file, parts.inventory), INVENTORY, { digest, inventory }, file);
  }

  /** Keeps what was found in an image in new ConfigMaps. Returns their names. */
  keepFindings(digest: string, findings: ImageFindings): Promise<string[]> {
    return this.#store.keep(placeOf(`findings-${imageHash(digest)}`, parts.findings), FINDINGS, findings);
  }

  /** An inventory that was kept; undefined when it cannot be used. */
  async inventory(configMaps: readonly string[]): Promise<Inventory | undefined> {
    return (await this.#load(INVENTORY, configMaps))?.inventory;
  }

  /** What was found in an image; undefined when it cannot be used. */
  findings(configMaps: readonly string[]): Promise<ImageFindings | undefined> {
    return this.#load(FINDINGS, configMaps);
  }

  /** The ConfigMaps of inventories and findings that are there. */
  async configMaps(): Promise<ReadonlyMap<string, KubeObject>> {
    const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.part} in (${Object.values(parts).join(',')})`;
    const { client, namespace } = this.#store;
    const found = await listAll(client, RESOURCES.configMaps, { namespace, labelSelector, metadataOnly: true });
    return new Map(found.map((object) => [object.metadata.name, object]));
  }

  /** Removes ConfigMaps. */
  remove(configMaps: readonly string[]): Promise<void> {
    return this.#store.removePieces(configMaps);
  }

  async #load<T>(kind: DocumentKind<T>, configMaps: readonly string[]): Promise<T | undefined> {
    try {
      return (await this.#store.load(kind, configMaps)).content;
    } catch (error) {
      if (!isUnusable(error)) throw error;
      this.#log?.warn({ reason: error.message }, 'a document about an image cannot be used: it is made again');
      return undefined;
    }
  }
}

const storedOf = ({ content, ...before }: StoredDocument<ImageLedger>): StoredImageLedger => ({ ledger: content, before });

const placeOf = (name: string, part: string): { readonly name: string; readonly labels: Readonly<Record<string, string>> } => ({
  name: `vigil-${name}`,
  labels: { [LABELS.part]: part },
});
