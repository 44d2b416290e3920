import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DocumentDamaged, DocumentVersionUnknown } from './document-error.ts';
import type { DocumentKind } from './document-kind.ts';

/**
 * A document is one line of JSON, the header, and then its content, compressed. The header holds everything that is needed to tell whether the
 * document is whole and what it is, so that a pod which finds the pieces in a folder checks the same as the operator does.
 */

/** The version of the header itself. */
const envelope = 1;

interface Header {
  readonly vigil: number;
  /** The kind. */
  readonly document: string;
  readonly formatVersion: number;
  readonly encoding: 'json' | 'bytes';
  /** Length of the compressed content. */
  readonly bytes: number;
  /** SHA-256, in hex, of the other fields and the compressed content. */
  readonly sha256: string;
}

/** A document as it was read, with the version in which it was written. */
export interface ReadDocument<T> {
  readonly content: T;
  readonly formatVersion: number;
}

/** Bytes of one piece before base64. Encoded it has 898 KiB: a ConfigMap carries 1 MiB, names and labels included. */
export const PIECE_BYTES = 690_000;

/** Bytes that a document may unpack to. */
const mostUnpacked = 256 * 1024 * 1024;
/** Bytes of the header line at most. */
const longestHeader = 1024;

function sumOf({ document, formatVersion, encoding }: Pick<Header, 'document' | 'formatVersion' | 'encoding'>, packed: Buffer): string {
  return createHash('sha256').update(`${document}\n${formatVersion}\n${encoding}\n`).update(packed).digest('hex');
}

/** A document as bytes. Content that is a `Uint8Array` is kept as it is; anything else as JSON. */
export function packDocument<T>({ name, formatVersion }: DocumentKind<T>, content: T): Buffer {
  const encoding = content instanceof Uint8Array ? 'bytes' : 'json';
  const packed = gzipSync(content instanceof Uint8Array ? content : JSON.stringify(content));
  const told = { document: name, formatVersion, encoding } as const;
  const header: Header = { vigil: envelope, ...told, bytes: packed.length, sha256: sumOf(told, packed) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), packed]);
}

/** Bytes in pieces that fit into a ConfigMap each; at least one. */
export function piecesOf(bytes: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / PIECE_BYTES));
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES));
}

/**
 * Reads a document from its pieces, in their order. `name` is what errors call it. Throws {@link DocumentDamaged} if it is not whole or not of
 * this kind, and {@link DocumentVersionUnknown} if a newer Vigil wrote it. What has no header is of format version 0.
 */
export function unpackDocument<T>(kind: DocumentKind<T>, pieces: readonly Buffer[], name: string): ReadDocument<T> {
  const bytes = Buffer.concat(pieces);
  const { packed, formatVersion, encoding } = isGzip(bytes) ? beforeVersions(bytes) : withHeader(kind, bytes, name);
  const content = kind.read(contentOf(packed, encoding, name), formatVersion);
  if (content === undefined) throw new DocumentDamaged(name, 'Unreadable', `it is no ${kind.name} of format version ${formatVersion}`);
  return { content, formatVersion };
}

interface Packed {
  readonly packed: Buffer;
  readonly formatVersion: number;
  readonly encoding: Header['encoding'];
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const beforeVersions = (packed: Buffer): Packed => ({ packed, formatVersion: 0, encoding: 'json' });

function withHeader(kind: DocumentKind<unknown>, bytes: Buffer, name: string): Packed {
  const end = bytes.subarray(0, longestHeader).indexOf('\n');
  const header = headerOf(bytes.subarray(0, Math.max(0, end)), name);
  if (header.vigil !== envelope) throw new DocumentVersionUnknown(name, header.vigil, envelope);
  if (header.document !== kind.name) throw new DocumentDamaged(name, 'Unreadable', `it is no ${kind.name}`);
  const packed = bytes.subarray(end + 1);
  if (packed.length < header.bytes) throw new DocumentDamaged(name, 'Truncated', `it has ${packed.length} bytes of ${header.bytes}`);
  if (header.sha256 !== sumOf(header, packed)) throw new DocumentDamaged(name, 'Changed', 'its checksum is another');
  if (!isVersion(header.formatVersion, kind)) throw new DocumentVersionUnknown(name, header.formatVersion, kind.formatVersion);
  return { packed, formatVersion: header.formatVersion, encoding: header.encoding };
}

const isVersion = (found: unknown, { formatVersion }: DocumentKind<unknown>): boolean =>
  Number.isInteger(found) && (found as number) >= 1 && (found as number) <= formatVersion;

function headerOf(line: Buffer, name: string): Header {
  try {
    const header = JSON.parse(line.toString('utf8')) as Partial<Header> | null;
    if (typeof header === 'object' && header?.vigil !== undefined) return header as Header;
  } catch {
    // Told below.
  }
  throw new DocumentDamaged(name, 'Unreadable', 'it does not begin as a document does');
}

function contentOf(packed: Buffer, encoding: Header['encoding'], name: string): unknown {
  try {
    const bytes = gunzipSync(packed, { maxOutputLength: mostUnpacked });
    return encoding === 'bytes' ? bytes : (JSON.parse(bytes.toString('utf8')) as unknown);
  } catch (error) {
    const damage = (error as { code?: unknown }).code === 'Z_BUF_ERROR' ? 'Truncated' : 'Unreadable';
    throw new DocumentDamaged(name, damage, error instanceof Error ? error.message : String(error), error);
  }
}
