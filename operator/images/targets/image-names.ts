import { shortHash } from '../../api/short-hash.ts';

/** The values of the label `vigil.dev/part` on image Jobs. */
export const PARTS = { inventory: 'image-inventory', match: 'image-match' } as const;

/** A hash of an image key for object names, of twelve characters. */
export const imageHash = (key: string): string => shortHash(key, 12);
/** The name of the Job that takes an image's inventory. */
export const inventoryJobName = (key: string): string => `vigil-inventory-${imageHash(key)}`;

/** The prefix of the files of an image's inventory. Inventories of several images may be in one folder. */
export const inventoryDocumentName = (digest: string): string => `inventory-${imageHash(digest)}`;
