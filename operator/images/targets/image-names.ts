import { shortHash } from '../../api/short-hash.ts';

/** What a Job is for: the value of its label `vigil.dev/part`. */
export const PARTS = { inventory: 'image-inventory', match: 'image-match' } as const;

/** Twelve characters that stand for an image, by what it is kept under, in names. */
export const imageHash = (key: string): string => shortHash(key, 12);
/** The Job that takes an image's inventory. */
export const inventoryJobName = (key: string): string => `vigil-inventory-${imageHash(key)}`;

/** The name by which the pieces of an image's inventory begin, where several lie in one folder. */
export const inventoryDocumentName = (digest: string): string => `inventory-${imageHash(digest)}`;
