import { hasFields, jsonKind, type DocumentKind } from '../../kube/documents/document-kind.ts';
import type { ImageFindings } from '../matching/image-finding.ts';
import type { ImageEntry, ImageFailure, ImageLedger } from './image-ledger.ts';

/**
 * The document kinds of image scanning; for inventories, see inventory-document.ts. Version 1 has the same content as the documents of
 * older Vigil versions, which have no version.
 */

/** An entry of the ledger in versions 0 and 1. Some fields had other names. */
interface EntryBefore2 extends Pick<ImageEntry, 'inventory' | 'waiting' | 'seen'> {
  readonly findings?: Omit<NonNullable<ImageEntry['findings']>, 'databaseBuilt'> & { readonly made: string };
  readonly failure?: Omit<ImageFailure, 'inputs' | 'failedReferences'> & { readonly means?: string; readonly tried?: readonly string[] };
}

function entryOf({ findings, failure, ...entry }: EntryBefore2): ImageEntry {
  const { made, ...found } = findings ?? {};
  const { means, tried, ...failed } = failure ?? {};
  return {
    ...entry,
    ...(findings ? { findings: { ...(found as Omit<typeof findings, 'made'>), databaseBuilt: made ?? '' } } : {}),
    ...(failure
      ? {
          failure: {
            ...(failed as Omit<typeof failure, 'means' | 'tried'>),
            ...(means === undefined ? {} : { inputs: means }),
            ...(tried === undefined ? {} : { failedReferences: tried }),
          },
        }
      : {}),
  };
}

const isLedger = (content: unknown): boolean =>
  typeof content === 'object' &&
  content !== null &&
  Object.values(content).every((entry) => typeof (entry as { readonly seen?: unknown } | null)?.seen === 'number');

/** The ledger: an object of entries by image key. */
export const IMAGE_LEDGER: DocumentKind<ImageLedger> = {
  name: 'image-ledger',
  formatVersion: 2,
  read: (content, formatVersion) => {
    if (!isLedger(content)) return undefined;
    if (formatVersion === 2) return content as ImageLedger;
    return Object.fromEntries(
      Object.entries(content as Readonly<Record<string, EntryBefore2>>).map(([key, entry]) => [key, entryOf(entry)]),
    );
  },
};

/** The findings of one image. */
export const FINDINGS = jsonKind<ImageFindings>('image-findings', 1, hasFields('vulnerabilities', 'secrets'));
