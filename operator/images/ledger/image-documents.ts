import { hasFields, jsonKind } from '../../kube/documents/document-kind.ts';
import type { ImageFindings } from '../matching/image-finding.ts';
import type { ImageLedger } from './image-ledger.ts';

/**
 * The document kinds of image scanning; for inventories, see inventory-document.ts. Version 1 has the same content as the documents of
 * older Vigil versions, which have no version.
 */

/** The ledger: an object of entries by image key. */
export const IMAGE_LEDGER = jsonKind<ImageLedger>(
  'image-ledger',
  1,
  (content) =>
    typeof content === 'object' &&
    content !== null &&
    Object.values(content).every((entry) => typeof (entry as { readonly seen?: unknown } | null)?.seen === 'number'),
);

/** The findings of one image. */
export const FINDINGS = jsonKind<ImageFindings>('image-findings', 1, hasFields('vulnerabilities', 'secrets'));
