import { hasFields, jsonKind } from '../../kube/documents/document-kind.ts';
import type { ImageFindings } from '../matching/image-finding.ts';
import type { ImageLedger } from './image-ledger.ts';

/** The documents about images; of an inventory, see inventory-document.ts. Version 1 has the content that was written before documents had a version. */

/** What is known of images: an object by their keys. */
export const IMAGE_LEDGER = jsonKind<ImageLedger>(
  'image-ledger',
  1,
  (content) =>
    typeof content === 'object' &&
    content !== null &&
    Object.values(content).every((entry) => typeof (entry as { readonly seen?: unknown } | null)?.seen === 'number'),
);

/** What was found in an image. */
export const FINDINGS = jsonKind<ImageFindings>('image-findings', 1, hasFields('vulnerabilities', 'secrets'));
