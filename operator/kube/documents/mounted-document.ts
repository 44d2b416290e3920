import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pieceKey } from './document-config-map.ts';
import { packDocument, piecesOf, unpackDocument } from './document-format.ts';
import type { DocumentKind } from './document-kind.ts';

/** The files of a document, by name, as a pod mounts them: the keys that `DocumentStore.keep` writes with the same `file`. */
export const documentFiles = <T>(file: string, kind: DocumentKind<T>, content: T): [name: string, bytes: Buffer][] =>
  piecesOf(packDocument(kind, content)).map((piece, index) => [pieceKey(file, index), piece]);

/** Reads a document from the folder into which its ConfigMaps are mounted. Throws the same errors as `DocumentStore.load`. */
export function readMountedDocument<T>(folder: string, file: string, kind: DocumentKind<T>): T {
  const pieces = readdirSync(folder).filter((name) => name.startsWith(`${file}-`) && /^-[0-9]{6}$/.test(name.slice(file.length)));
  return unpackDocument(
    kind,
    pieces.toSorted().map((name) => readFileSync(join(folder, name))),
    file,
  ).content;
}
