import { createHash } from 'node:crypto';
import { hasFields, type DocumentKind } from '../../kube/documents/document-kind.ts';
import type { Inventory } from './inventory.ts';

/** A stored inventory and the key of its image. */
export interface InventoryDocument {
  /** The image key, which begins with `sha256:…`. */
  readonly digest: string;
  readonly inventory: Inventory;
}

const isInventory = hasFields('digest', 'inventory');

/**
 * Checks an inventory of format version 0, which contains the SHA-256 of its own JSON in hex. Newer documents have a checksum of their own.
 */
const hasValidSum = ({ inventory, sum }: InventoryDocument & { readonly sum?: unknown }): boolean =>
  sum === createHash('sha256').update(JSON.stringify(inventory)).digest('hex');

/** The document kind of an inventory. The pods of match Jobs mount it. */
export const INVENTORY: DocumentKind<InventoryDocument> = {
  name: 'image-inventory',
  formatVersion: 1,
  read: (content, formatVersion) => {
    if (!isInventory(content)) return undefined;
    const document = content as InventoryDocument;
    if (formatVersion === 0 && !hasValidSum(document)) return undefined;
    return { digest: document.digest, inventory: document.inventory };
  },
};
