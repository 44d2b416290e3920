import { RESOURCES } from '../../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isConflict, isNotFound } from '../client/kube-api-error.ts';
import { listPages } from '../list.ts';
import type { DocumentConfigMap } from './document-config-map.ts';
import type { DocumentKind } from './document-kind.ts';
import { namedPieces, type DocumentStore } from './document-store.ts';

/** Age in milliseconds after which unreferenced pieces are garbage. Younger pieces may belong to a write in progress. It is long, since an age compares the clock of the server with that of this process. */
export const ORPHAN_AGE = 600_000;

/** The ConfigMaps to remove. */
export interface GarbageSelection {
  /** Selects the ConfigMaps of an owner or of a kind. ConfigMaps that Vigil does not manage are never removed. */
  readonly labelSelector: string;
  /** Names of ConfigMaps to keep. */
  readonly keep: ReadonlySet<string>;
  /** Removes only ConfigMaps older than this, in milliseconds. Default 0: all. */
  readonly olderThan?: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const isOlder = ({ metadata }: KubeObject, { olderThan, now }: { readonly olderThan: number; readonly now: number }): boolean =>
  olderThan <= 0 || Date.parse(metadata.creationTimestamp ?? '') + olderThan < now;

/** Removes the selected ConfigMaps that are not kept. Returns their number. */
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
 * Removes pieces that their head does not reference and that are older than `olderThan` milliseconds (default {@link ORPHAN_AGE}). A crash or
 * an interrupted write leaves such pieces. Returns their number.
 */
export async function collectOrphans(store: DocumentStore, now: number, olderThan = ORPHAN_AGE): Promise<number> {
  let removed = 0;
  for (const [head, pieces] of await oldPieces(store, { now, olderThan })) {
    const named = new Set(await namedBy(store, head));
    for (const piece of pieces) if (!named.has(piece.metadata.name) && (await removeSeen(store, piece))) removed++;
  }
  return removed;
}

/** The pieces that are old enough, by the name of their head. */
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

/** Yields pages of the heads of a kind, with metadata only. `labelSelector` selects some of them. */
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

/** Removes an object if its uid is still that of the list. Returns whether it was removed. */
async function removeSeen({ client, namespace }: DocumentStore, { metadata: { name, uid } }: KubeObject): Promise<boolean> {
  try {
    await client.delete(RESOURCES.configMaps, { namespace, name }, { uid });
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}
