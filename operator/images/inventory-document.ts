import type { Inventory } from './inventory.ts';

/** An inventory as it is kept, with the image that it is of. */
export interface InventoryDocument {
  /** `sha256:…`. */
  readonly digest: string;
  readonly inventory: Inventory;
}
