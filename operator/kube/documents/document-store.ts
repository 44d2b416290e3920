import { randomUUID } from 'node:crypto';
import type { ListClient } from '../list.ts';
import { RESOURCES } from '../../api/api-resource.ts';
import { isConflict, isNotFound, mayHaveSucceeded } from '../client/kube-api-error.ts';
import type { ObjectKey, KubeClient } from '../client/kube-client.ts';
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

/** The part of a client that a {@link DocumentStore} uses. */
export type DocumentClient = ListClient & Pick<KubeClient, 'create' | 'delete' | 'get' | 'replace'>;

/** A document with a head. */
export interface StoredDocument<T> extends ReadDocument<T> {
  /** The resourceVersion of the head. The next write compares it. */
  readonly resourceVersion: string;
  /** The names of the ConfigMaps with its pieces. Empty if the head contains the document. */
  readonly pieces: readonly string[];
}

/** The state of a document before a write: the write compares the resourceVersion and removes the pieces. */
export type PreviousDocument = Pick<StoredDocument<unknown>, 'resourceVersion' | 'pieces'>;

/**
 * Stores documents in ConfigMaps of one namespace: compressed, split into pieces, with a checksum and a format version.
 *
 * There are two forms:
 * * {@link write} and {@link read}: a **head** with a fixed name contains the document, or the names of its immutable pieces. Writes are
 *   compare-and-swap on the resourceVersion of the head. A failed write removes its pieces; `collectOrphans` removes those of a crash.
 * * {@link keep} and {@link load}: immutable pieces without a head, for content that is written once and that pods mount. The caller stores
 *   the names of the pieces, and removes those that it no longer needs with `collectGarbage`.
 *
 * Reads never use a cache. Required permissions: get, list, create, update and delete of ConfigMaps.
 */
export class DocumentStore {
  readonly client: DocumentClient;
  readonly namespace: string;
  readonly #onLeftover: (error: unknown) => void;

  /** `onLeftover` is called with the error if unreferenced pieces cannot be removed. `collectOrphans` removes them later. */
  constructor(client: DocumentClient, namespace: string, onLeftover: (error: unknown) => void = () => undefined) {
    this.client = client;
    this.namespace = namespace;
    this.#onLeftover = onLeftover;
  }

  /**
   * Reads the document with this head. Undefined: it does not exist. Throws {@link DocumentDamaged} if it is damaged, and
   * `DocumentVersionUnknown` if a newer version of Vigil wrote it.
   */
  async read<T>(name: string, kind: DocumentKind<T>): Promise<StoredDocument<T> | undefined> {
    for (let before: DocumentConfigMap | undefined; ;) {
      const head = await this.#get(name);
      if (!head) return undefined;
      try {
        return await this.#open(head, kind);
      } catch (error) {
        // A concurrent write removes the old pieces: then the head names new ones, and the read is repeated.
        if (!isPieceMissing(error) || before?.metadata.resourceVersion === head.metadata.resourceVersion) throw error;
        before = head;
      }
    }
  }

  /** Reads what the next {@link write} needs, without decoding the document: for a document that is created again. Undefined: it does not exist. */
  async previous(name: string): Promise<PreviousDocument | undefined> {
    const head = await this.#get(name);
    return head && { resourceVersion: head.metadata.resourceVersion ?? '', pieces: namedPieces(head) };
  }

  /**
   * Writes a document. `before` is the result of the last read or write; without it, the document must not exist. Throws
   * {@link DocumentConflict} if the document changed since. Removes the pieces of `before` after the new head is written.
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

  /** Removes the head of a document, then its pieces. Does nothing if it does not exist. */
  async remove(name: string): Promise<void> {
    const pieces = await this.#piecesOf(name);
    await this.client.delete(RESOURCES.configMaps, this.#key(name));
    await this.removePieces(pieces);
  }

  /**
   * Writes a document into new immutable ConfigMaps without a head. Returns their names, in order. Their keys begin with `file`, so that several
   * documents can be mounted into one folder. If a write fails, the ConfigMaps written so far are removed.
   */
  keep<T>(place: DocumentMetadata, kind: DocumentKind<T>, content: T, file: string = kind.name): Promise<string[]> {
    return this.#create(place, { kind: kind.name, bytes: packDocument(kind, content), file });
  }

  /** Reads a document by the names that {@link keep} returned. Throws the same errors as {@link read}. */
  async load<T>(kind: DocumentKind<T>, names: readonly string[]): Promise<ReadDocument<T>> {
    const [name = kind.name] = names;
    return unpackDocument(kind, await this.#pieces(name, names), name);
  }

  /** Removes pieces by name. */
  async removePieces(names: readonly string[]): Promise<void> {
    for (const name of names) await this.client.delete(RESOURCES.configMaps, this.#key(name));
  }

  async #open<T>(head: DocumentConfigMap, kind: DocumentKind<T>): Promise<StoredDocument<T>> {
    const { name, resourceVersion = '' } = head.metadata;
    const held = headContentOf(head);
    if (!held) throw new DocumentDamaged(name, 'Unreadable', 'its ConfigMap contains no document');
    if ('whole' in held) return { ...unpackDocument(kind, [held.whole], name), resourceVersion, pieces: [] };
    const bytes = await this.#pieces(name, held.pieces);
    return { ...unpackDocument(kind, bytes, name), resourceVersion, pieces: held.pieces };
  }

  /** Creates or replaces a head. Returns its resourceVersion. If the write is refused, removes its pieces. */
  async #swap(head: DocumentConfigMap, pieces: readonly string[]): Promise<string> {
    const { resourceVersion } = head.metadata;
    try {
      const written = await (resourceVersion === undefined
        ? this.client.create<DocumentConfigMap>(RESOURCES.configMaps, head)
        : this.client.replace<DocumentConfigMap>(RESOURCES.configMaps, head));
      return written.metadata.resourceVersion ?? '';
    } catch (error) {
      // The write may have succeeded, so its pieces are kept. If it did not, `collectOrphans` removes them.
      if (mayHaveSucceeded(error)) throw error;
      return await this.#refused(head.metadata.name, pieces, error);
    }
  }

  /** Handles a refused write of a head. A conflict can come from an earlier attempt of this write that succeeded without a response: then the head names these pieces. Else removes the pieces and throws. */
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

  /** Creates the ConfigMaps of a document. If one fails, removes the others. */
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
      if (!configMap) throw new DocumentDamaged(document, 'PieceMissing', `ConfigMap ${name} does not exist`);
      configMaps.push(configMap);
    }
    return piecesIn(configMaps);
  }

  /** Reads the names of the pieces that a head references. */
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

/** The names of the pieces that a head references. */
export function namedPieces(head: DocumentConfigMap): readonly string[] {
  const content = headContentOf(head);
  return content && 'pieces' in content ? content.pieces : [];
}

const isPieceMissing = (error: unknown): boolean => error instanceof DocumentDamaged && error.damage === 'PieceMissing';
