import { createHash } from 'node:crypto';
import { hasFields, type DocumentKind } from '../../kube/documents/document-kind.ts';
import type { Inventory } from './inventory.ts';

/** An inventory as it is kept, with the image that it is of. */
export interface InventoryDocument {
  /** What the image is kept under, `sha256:…`. */
  readonly digest: string;
  readonly inventory: Inventory;
}

const isInventory = hasFields('digest', 'inventory');

/** Before documents had a version, and a checksum with it, an inventory brought the SHA-256, in hex, of its own JSON. */
const hasItsSum = ({ inventory, sum }: InventoryDocument & { readonly sum?: unknown }): boolean =>
  sum === createHash('sha256').update(JSON.stringify(inventory)).digest('hex');

/** The inventory of an image. Pods that match mount it. */
export const INVENTORY: DocumentKind<InventoryDocument> = {
  name: 'image-inventory',
  formatVersion: 1,
  read: (content, formatVersion) => {
    if (!isInventory(content)) return undefined;
    const document = content as InventoryDocument;
    if (formatVersion === 0 && !hasItsSum(document)) return undefined;
    return { digest: document.digest, inventory: document.inventory };
  },
};
