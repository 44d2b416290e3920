import { gunzipSync, gzipSync } from 'node:zlib';
import type { KubeObject, ObjectMeta } from '../api/metadata.ts';

/** A ConfigMap with one compressed piece of a document. */
export interface ChunkConfigMap extends KubeObject {
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** Bytes of one piece before base64: with it a ConfigMap stays below the 1 MiB that a volume can carry. */
const chunkBytes = 700_000;

/** The key of a piece, and its file name where it is mounted: sorts in order for up to a million. */
const chunkKey = (document: string, index: number): string => `${document}-${String(index).padStart(6, '0')}`;

/** A JSON document as compressed pieces, each for a ConfigMap of its own. */
export function packDocument(document: unknown): Buffer[] {
  const packed = gzipSync(JSON.stringify(document));
  return Array.from({ length: Math.max(1, Math.ceil(packed.length / chunkBytes)) }, (_, index) =>
    packed.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
}

/** Pieces put together again. Throws when one is missing or damaged. */
export function unpackDocument(pieces: readonly Buffer[]): unknown {
  return JSON.parse(gunzipSync(Buffer.concat(pieces)).toString('utf8'));
}

/** The ConfigMaps of a document, whose name begins its keys so that several can be mounted into one folder: `<name>-0`, `<name>-1`, … with the given metadata. Immutable: the kubelet need not watch them. */
export function documentConfigMaps(name: string, document: unknown, metadata: ObjectMeta): ChunkConfigMap[] {
  return packDocument(document).map((piece, index) => ({
    metadata: { ...metadata, name: `${metadata.name}-${index}` },
    immutable: true,
    binaryData: { [chunkKey(name, index)]: piece.toString('base64') },
  }));
}

/** The document that ConfigMaps hold, in whatever order they come. */
export function documentOf(configMaps: readonly ChunkConfigMap[]): unknown {
  const pieces = configMaps.flatMap(({ binaryData }) => Object.entries(binaryData ?? {}));
  const ordered = pieces.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return unpackDocument(ordered.map(([, text]) => Buffer.from(text, 'base64')));
}
