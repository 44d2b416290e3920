import { randomUUID } from 'node:crypto';
import { RESOURCES } from '../../api/api-resource.ts';
import { isConflict, isNotFound, mayHaveSucceeded } from '../kube-api-error.ts';
import type { KubeClient, ObjectKey } from '../kube-client.ts';
import {
  headConfigMap,
  headContentOf,
  pieceConfigMap,
  pieceKey,
  piecesIn,
  type DocumentConfigMap,
  type DocumentMetadata,
  type HeadContent,
} from './document-config-map.ts';
import { DocumentConflict, DocumentDamaged } from './document-error.ts';
import { packDocument, PIECE_BYTES, piecesOf, unpackDocument, type ReadDocument } from './document-format.ts';
import type { DocumentKind } from './document-kind.ts';

/** A document with a head, as it was read or written. */
export interface StoredDocument<T> extends ReadDocument<T> {
  /** The head's: what the next write compares with. */
  readonly resourceVersion: string;
  /** The ConfigMaps with its pieces; none if the head holds it. */
  readonly pieces: readonly string[];
}

/** What a document was before it is written anew. */
export type PreviousDocument = Pick<StoredDocument<unknown>, 'resourceVersion' | 'pieces'>;

/**
 * Keeps documents in ConfigMaps of one namespace, compressed, in pieces that fit, with a checksum and a format version.
 *
 * There are two ways to keep one:
 * * {@link write} and {@link read}: a **head** of a fixed name holds the document, or names its immutable pieces. Writes compare and swap on
 *   the head's resourceVersion. A write that fails removes the pieces that it made; what a crash leaves, `collectOrphans` removes.
 * * {@link keep} and {@link load}: immutable pieces without a head, for content that is written once and that pods mount. Whoever keeps a
 *   document keeps the names, and removes what it no longer names, by `collectPieces`.
 *
 * Everything is read from the server, never from a cache. Rights that are needed: get, list, create, update and delete of ConfigMaps.
 */
export class DocumentStore {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly #onLeftover: (error: unknown) => void;

  /** `onLeftover` is told why pieces that no head names could not be removed. They are removed later, by `collectOrphans`. */
  constructor(client: KubeClient, namespace: string, onLeftover: (error: unknown) => void = () => undefined) {
    this.client = client;
    this.namespace = namespace;
    this.#onLeftover = onLeftover;
  }

  /**
   * The document with this head; undefined if there is none. Throws {@link DocumentDamaged} if it is not whole, and `DocumentVersionUnknown`
   * if a newer Vigil wrote it.
   */
  async read<T>(name: string, kind: DocumentKind<T>): Promise<StoredDocument<T> | undefined> {
    for (let before: DocumentConfigMap | undefined; ;) {
      const head = await this.#get(name);
      if (!head) return undefined;
      try {
        return await this.#open(head, kind);
      } catch (error) {
        // The pieces of a document that is written meanwhile go: then the head names others.
        if (!isPieceMissing(error) || before?.metadata.resourceVersion === head.metadata.resourceVersion) throw error;
        before = head;
      }
    }
  }

  /** What a document is before it is written anew, whatever its head holds; undefined if there is none. For those that have to be made again. */
  async previous(name: string): Promise<PreviousDocument | undefined> {
    const head = await this.#get(name);
    return head && { resourceVersion: head.metadata.resourceVersion ?? '', pieces: namedPieces(head) };
  }

  /**
   * Writes a document. `before` is what was read or written last; without it the document must not be there yet. Throws
   * {@link DocumentConflict} if that is not so any more. The pieces of `before` are removed once the new head is written.
   */
  async write<T>(place: DocumentMetadata, kind: DocumentKind<T>, content: T, before?: PreviousDocument): Promise<StoredDocument<T>> {
    const bytes = packDocument(kind, content);
    const made = bytes.length <= PIECE_BYTES ? [] : await this.#create(place, { kind: kind.name, bytes, head: place.name, file: 'piece' });
    const held: HeadContent = made.length === 0 ? { whole: bytes } : { pieces: made };
    const at = { namespace: this.namespace, kind: kind.name, resourceVersion: before?.resourceVersion };
    const resourceVersion = await this.#swap(headConfigMap(place, held, at), made);
    await this.#tidy(before?.pieces ?? []);
    return { content, formatVersion: kind.formatVersion, resourceVersion, pieces: made };
  }

  /** Removes a document with its head, and its pieces after it. Nothing happens if it is not there. */
  async remove(name: string): Promise<void> {
    const pieces = await this.#piecesOf(name);
    await this.client.delete(RESOURCES.configMaps, this.#key(name));
    await this.removePieces(pieces);
  }

  /**
   * Keeps a document in new immutable ConfigMaps without a head, and returns their names, in order. `file` begins their keys, so that several
   * documents can be mounted into one folder. If it fails, what it made is removed.
   */
  keep<T>(place: DocumentMetadata, kind: DocumentKind<T>, content: T, file: string = kind.name): Promise<string[]> {
    return this.#create(place, { kind: kind.name, bytes: packDocument(kind, content), file });
  }

  /** A document that was kept, by the names that {@link keep} returned. Throws as {@link read} does. */
  async load<T>(kind: DocumentKind<T>, names: readonly string[]): Promise<ReadDocument<T>> {
    const [name = kind.name] = names;
    return unpackDocument(kind, await this.#pieces(name, names), name);
  }

  /** Removes ConfigMaps with pieces, by name. */
  async removePieces(names: readonly string[]): Promise<void> {
    for (const name of names) await this.client.delete(RESOURCES.configMaps, this.#key(name));
  }

  async #open<T>(head: DocumentConfigMap, kind: DocumentKind<T>): Promise<StoredDocument<T>> {
    const { name, resourceVersion = '' } = head.metadata;
    const held = headContentOf(head);
    if (!held) throw new DocumentDamaged(name, 'Unreadable', 'its ConfigMap holds no document');
    if ('whole' in held) return { ...unpackDocument(kind, [held.whole], name), resourceVersion, pieces: [] };
    const bytes = await this.#pieces(name, held.pieces);
    return { ...unpackDocument(kind, bytes, name), resourceVersion, pieces: held.pieces };
  }

  /** Creates or replaces a head. Returns its resourceVersion. If the head did not come to name these pieces, they are removed. */
  async #swap(head: DocumentConfigMap, pieces: readonly string[]): Promise<string> {
    const { resourceVersion } = head.metadata;
    try {
      const written = await (resourceVersion === undefined
        ? this.client.create<DocumentConfigMap>(RESOURCES.configMaps, head)
        : this.client.replace<DocumentConfigMap>(RESOURCES.configMaps, head));
      return written.metadata.resourceVersion ?? '';
    } catch (error) {
      // What may still be written keeps its pieces: if nothing names them in the end, they are orphans.
      if (mayHaveSucceeded(error)) throw error;
      return await this.#refused(head.metadata.name, pieces, error);
    }
  }

  /** After a head was refused. After a try whose answer was lost, a conflict may be with oneself: then the head names these pieces, and is as it should be. */
  async #refused(name: string, pieces: readonly string[], error: unknown): Promise<string> {
    const [first] = pieces;
    const there = first !== undefined && isConflict(error) ? await this.#get(name) : undefined;
    if (there && first !== undefined && namedPieces(there).includes(first)) return there.metadata.resourceVersion ?? '';
    await this.#tidy(pieces);
    throw isConflict(error) || isNotFound(error) ? new DocumentConflict(name, error) : error;
  }

  async #tidy(pieces: readonly string[]): Promise<void> {
    await this.removePieces(pieces).catch(this.#onLeftover);
  }

  /** Makes the ConfigMaps of a document, all or none. */
  async #create(
    place: DocumentMetadata,
    { bytes, file, ...of }: { readonly kind: string; readonly bytes: Buffer; readonly file: string; readonly head?: string },
  ): Promise<string[]> {
    const own = `${place.name}-${randomUUID().slice(0, 8)}`;
    const made: string[] = [];
    try {
      for (const [index, piece] of piecesOf(bytes).entries()) {
        const name = `${own}-${index}`;
        made.push(name);
        const configMap = pieceConfigMap({ name, piece, key: pieceKey(file, index) }, this.namespace, { ...of, place });
        await this.client.create(RESOURCES.configMaps, configMap);
      }
      return made;
    } catch (error) {
      await this.#tidy(made);
      throw error;
    }
  }

  async #pieces(document: string, wanted: readonly string[]): Promise<Buffer[]> {
    const configMaps: DocumentConfigMap[] = [];
    for (const name of wanted) {
      const configMap = await this.#get(name);
      if (!configMap) throw new DocumentDamaged(document, 'PieceMissing', `ConfigMap ${name} is gone`);
      configMaps.push(configMap);
    }
    return piecesIn(configMaps);
  }

  /** The names of the pieces that a head names now. */
  async #piecesOf(name: string): Promise<readonly string[]> {
    const head = await this.#get(name);
    return head ? namedPieces(head) : [];
  }

  async #get(name: string): Promise<DocumentConfigMap | undefined> {
    try {
      return await this.client.get<DocumentConfigMap>(RESOURCES.configMaps, this.#key(name));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #key(name: string): ObjectKey {
    return { namespace: this.namespace, name };
  }
}

/** The pieces that a head names. */
export function namedPieces(head: DocumentConfigMap): readonly string[] {
  const content = headContentOf(head);
  return content && 'pieces' in content ? content.pieces : [];
}

const isPieceMissing = (error: unknown): boolean => error instanceof DocumentDamaged && error.damage === 'PieceMissing';
