/** How a document is damaged. */
export type DocumentDamage =
  /** A ConfigMap with a piece of it is gone. */
  | 'PieceMissing'
  /** It ends too early. */
  | 'Truncated'
  /** It is not what was written: somebody edited it, or pieces of two documents are mixed. */
  | 'Changed'
  /** It is no document, or none of the expected kind. */
  | 'Unreadable';

/** A document cannot be used: it has to be made again. The message names the document and the reason. */
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

/** A document has a format version that this Vigil does not know, because a newer Vigil wrote it. It is made again, or left alone; it is never parsed. */
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

/** Somebody else wrote the document since it was read: what this process knows of it is out of date. */
export class DocumentConflict extends Error {
  override readonly name = 'DocumentConflict';
  readonly document: string;

  constructor(document: string, cause?: unknown) {
    super(`document ${document} was changed by another`, cause === undefined ? undefined : { cause });
    this.document = document;
  }
}

/** Whether an error says that a document has to be made again: it is damaged, gone in part, or of an unknown version. */
export const isUnusable = (error: unknown): error is DocumentDamaged | DocumentVersionUnknown =>
  error instanceof DocumentDamaged || error instanceof DocumentVersionUnknown;
