/** How a document is damaged. */
export type DocumentDamage =
  /** A ConfigMap with one of its pieces does not exist. */
  | 'PieceMissing'
  /** Its end is missing. */
  | 'Truncated'
  /** Its checksum differs: it was edited, or pieces of two documents are mixed. */
  | 'Changed'
  /** It is not a document of the expected kind. */
  | 'Unreadable';

/** A document is damaged and has to be created again. The message names the document and the reason. */
export class DocumentDamaged extends Error {
  override readonly name = 'DocumentDamaged';
  readonly document: string;
  readonly damage: DocumentDamage;

  constructor(document: string, damage: DocumentDamage, detail: string, cause?: unknown) {
    super(`document ${document} is damaged: ${detail}`, cause === undefined ? undefined : { cause });
    this.document = document;
    this.damage = damage;
  }
}

/** A newer version of Vigil wrote the document, in a format version that this one cannot read. It is created again or kept, and never parsed. */
export class DocumentVersionUnknown extends Error {
  override readonly name = 'DocumentVersionUnknown';
  readonly document: string;
  readonly formatVersion: unknown;

  constructor(document: string, formatVersion: unknown, known: number) {
    super(`document ${document} has format version ${String(formatVersion)}; this version of Vigil reads versions up to ${known}`);
    this.document = document;
    this.formatVersion = formatVersion;
  }
}

/** Another writer changed the document since it was read. */
export class DocumentConflict extends Error {
  override readonly name = 'DocumentConflict';
  readonly document: string;

  constructor(document: string, cause?: unknown) {
    super(`document ${document} was changed by another writer`, cause === undefined ? undefined : { cause });
    this.document = document;
  }
}

/** Whether a document has to be created again: it is damaged, or its format version is unknown. */
export const isUnusable = (error: unknown): error is DocumentDamaged | DocumentVersionUnknown =>
  error instanceof DocumentDamaged || error instanceof DocumentVersionUnknown;
