import { RESOURCES } from '../../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isConflict, isNotFound } from '../kube-api-error.ts';
import { listPages } from '../list.ts';
import type { DocumentConfigMap } from './document-config-map.ts';
import type { DocumentKind } from './document-kind.ts';
import { namedPieces, type DocumentStore } from './document-store.ts';

/** Milliseconds after which pieces that nothing names are garbage: until then their document may be on its way. Ages are by the server's clock and ours, so it is long. */
export const ORPHAN_AGE = 600_000;

/** What is to be removed. */
export interface GarbageSelection {
  /** Selects the ConfigMaps of an owner, or of a kind. Those that Vigil does not manage never count. */
  readonly labelSelector: string;
  /** Names that stay. */
  readonly keep: ReadonlySet<string>;
  /** Only what is older than this, in milliseconds; default 0: all. */
  readonly olderThan?: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const isOlder = ({ metadata }: KubeObject, { olderThan, now }: { readonly olderThan: number; readonly now: number }): boolean =>
  olderThan <= 0 || Date.parse(metadata.creationTimestamp ?? '') + olderThan < now;

/** Removes ConfigMaps that nothing names any more, of an owner or a kind. Returns how many. */
export async function collectGarbage(store: DocumentStore, { labelSelector, keep, olderThan = 0, now }: GarbageSelection): Promise<number> {
  let removed = 0;
  const selector = `${LABELS.managedBy}=${MANAGED_BY},${labelSelector}`;
  for await (const items of metadataPages(store, selector)) {
    for (const object of items) {
      if (keep.has(object.metadata.name) || !isOlder(object, { olderThan, now })) continue;
      if (await removeSeen(store, object)) removed++;
    }
  }
  return removed;
}

/**
 * Removes the pieces of documents with a head that no head names, once they are older than `olderThan` milliseconds (default
 * {@link ORPHAN_AGE}): what a crash, or a write that was cut off, left behind. Returns how many.
 */
export async function collectOrphans(store: DocumentStore, now: number, olderThan = ORPHAN_AGE): Promise<number> {
  let removed = 0;
  for (const [head, pieces] of await oldPieces(store, { now, olderThan })) {
    const named = new Set(await namedBy(store, head));
    for (const piece of pieces) if (!named.has(piece.metadata.name) && (await removeSeen(store, piece))) removed++;
  }
  return removed;
}

/** Pieces of documents with a head that are old enough, by their head. */
async function oldPieces(
  store: DocumentStore,
  age: { readonly olderThan: number; readonly now: number },
): Promise<ReadonlyMap<string, readonly KubeObject[]>> {
  const old = new Map<string, KubeObject[]>();
  for await (const items of metadataPages(store, `${LABELS.managedBy}=${MANAGED_BY},${LABELS.documentHead}`)) {
    for (const piece of items.filter((each) => isOlder(each, age))) {
      const head = piece.metadata.labels?.[LABELS.documentHead] ?? '';
      old.set(head, [...(old.get(head) ?? []), piece]);
    }
  }
  return old;
}

/** The heads of a kind, by metadata alone, page by page; `labelSelector` narrows them. */
export async function* documentHeads(
  store: DocumentStore,
  { name }: Pick<DocumentKind<unknown>, 'name'>,
  labelSelector?: string,
): AsyncGenerator<readonly KubeObject[]> {
  const own = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.document}=${name},!${LABELS.documentPiece}`;
  yield* metadataPages(store, labelSelector === undefined ? own : `${own},${labelSelector}`);
}

async function* metadataPages({ client, namespace }: DocumentStore, labelSelector: string): AsyncGenerator<readonly KubeObject[]> {
  const options = { namespace, labelSelector, metadataOnly: true };
  for await (const { items } of listPages(client, RESOURCES.configMaps, options)) yield items;
}

async function namedBy({ client, namespace }: DocumentStore, name: string): Promise<readonly string[]> {
  try {
    return namedPieces(await client.get<DocumentConfigMap>(RESOURCES.configMaps, { namespace, name }));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** Removes an object if it is the one that was seen. */
async function removeSeen({ client, namespace }: DocumentStore, { metadata: { name, uid } }: KubeObject): Promise<boolean> {
  try {
    await client.delete(RESOURCES.configMaps, { namespace, name }, { uid });
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}
