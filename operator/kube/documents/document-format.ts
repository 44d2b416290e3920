import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DocumentDamaged, DocumentVersionUnknown } from './document-error.ts';
import type { DocumentKind } from './document-kind.ts';

/**
 * A document is a header, which is one line of JSON, and its compressed content. The header has the kind, the version and the checksum, so that
 * a pod that mounts the pieces makes the same checks as the operator.
 */

/** The version of the header format. */
const envelope = 1;

interface Header {
  readonly vigil: number;
  /** The kind. */
  readonly document: string;
  readonly formatVersion: number;
  readonly encoding: 'json' | 'bytes';
  /** Length of the compressed content in bytes. */
  readonly bytes: number;
  /** SHA-256, in hex, of the other fields and the compressed content. */
  readonly sha256: string;
}

/** The content of a document, and the format version in which it was written. */
export interface ReadDocument<T> {
  readonly content: T;
  readonly formatVersion: number;
}

/** Size of a piece in bytes before base64. Encoded, it takes 898 KiB: a ConfigMap may have 1 MiB with its metadata. */
export const PIECE_BYTES = 690_000;

/** Maximum size of the decompressed content in bytes. */
const mostUnpacked = 256 * 1024 * 1024;
/** Maximum length of the header line in bytes. */
const longestHeader = 1024;

function sumOf({ document, formatVersion, encoding }: Pick<Header, 'document' | 'formatVersion' | 'encoding'>, packed: Buffer): string {
  return createHash('sha256').update(`${document}\n${formatVersion}\n${encoding}\n`).update(packed).digest('hex');
}

/** Encodes a document. A `Uint8Array` is stored as it is, any other content as JSON. */
export function packDocument<T>({ name, formatVersion }: DocumentKind<T>, content: T): Buffer {
  const encoding = content instanceof Uint8Array ? 'bytes' : 'json';
  const packed = gzipSync(content instanceof Uint8Array ? content : JSON.stringify(content));
  const identity = { document: name, formatVersion, encoding } as const;
  const header: Header = { vigil: envelope, ...identity, bytes: packed.length, sha256: sumOf(identity, packed) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), packed]);
}

/** Splits bytes into pieces that each fit into a ConfigMap. Returns at least one piece. */
export function piecesOf(bytes: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / PIECE_BYTES));
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES));
}

/**
 * Decodes a document from its pieces, in order. Errors contain `name`. Throws {@link DocumentDamaged} if it is incomplete or not of this kind,
 * and {@link DocumentVersionUnknown} if a newer version of Vigil wrote it. A document without a header has format version 0.
 */
export function unpackDocument<T>(kind: DocumentKind<T>, pieces: readonly Buffer[], name: string): ReadDocument<T> {
  const bytes = Buffer.concat(pieces);
  const { packed, formatVersion, encoding } = isGzip(bytes) ? beforeVersions(bytes) : withHeader(kind, bytes, name);
  const content = kind.read(contentOf(packed, encoding, name), formatVersion);
  if (content === undefined)
    throw new DocumentDamaged(name, 'Unreadable', `it is not a document of kind ${kind.name}, format version ${formatVersion}`);
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
  if (header.document !== kind.name) throw new DocumentDamaged(name, 'Unreadable', `it is not a document of kind ${kind.name}`);
  const packed = bytes.subarray(end + 1);
  if (packed.length < header.bytes) throw new DocumentDamaged(name, 'Truncated', `it has ${packed.length} bytes of ${header.bytes}`);
  if (header.sha256 !== sumOf(header, packed)) throw new DocumentDamaged(name, 'Changed', 'its checksum does not match');
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
    // Thrown below.
  }
  throw new DocumentDamaged(name, 'Unreadable', 'it has no valid header');
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
