import { createHash } from 'node:crypto';
import type { Inventory } from './inventory.ts';

/** An inventory as it is kept, with the image that it is of. */
export interface InventoryDocument {
  /** `sha256:…`. */
  readonly digest: string;
  readonly inventory: Inventory;
  /** SHA-256, in hex, of the inventory as JSON: tells what somebody edited from what was written. */
  readonly sum: string;
}

/** Somebody changed an inventory, or it is of another version of Vigil. */
export class InventoryDocumentError extends Error {
  override readonly name = 'InventoryDocumentError';
}

const sumOf = (inventory: unknown): string => createHash('sha256').update(JSON.stringify(inventory)).digest('hex');

/** An inventory as it is to be kept. */
export const inventoryDocument = (digest: string, inventory: Inventory): InventoryDocument => ({
  digest,
  inventory,
  sum: sumOf(inventory),
});

/** A kept document as what it is. Throws {@link InventoryDocumentError} when it is not as it was written. */
export function readInventoryDocument(kept: unknown): InventoryDocument {
  const { digest, inventory, sum } = (kept ?? {}) as Partial<InventoryDocument>;
  if (typeof digest !== 'string' || inventory === undefined || sum !== sumOf(inventory))
    throw new InventoryDocumentError('it is not as it was written');
  return { digest, inventory, sum };
}
