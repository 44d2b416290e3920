import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { RESOURCES } from '../../api/api-resource.ts';
import { API_VERSION } from '../../api/group.ts';
import { documentHeads } from '../../kube/documents/document-collector.ts';
import type { DocumentMetadata } from '../../kube/documents/document-config-map.ts';
import { DocumentConflict, isUnusable } from '../../kube/documents/document-error.ts';
import { DocumentStore, type PreviousDocument, type DocumentClient } from '../../kube/documents/document-store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { contentOf, indexOf, RESCAN_INDEX, type RescanContent, type RescanIndex } from './rescan-index.ts';

/** The policies of an index: those of one scan. */
export type IndexedPolicies = readonly { readonly name: string; readonly uid: string }[];

/** The most indexes that are kept; there is one for each set of policies. */
const mostIndexes = 16;
/** How often a write is tried if others write the index, too. */
const writeTries = 3;

/** Stores an index for each set of policies: the results of the last scans of each namespace. */
export class RescanStore {
  readonly #store: DocumentStore;
  readonly #log: Pick<Logger, 'info' | 'warn'>;

  constructor(client: DocumentClient, namespace: string, log: Pick<Logger, 'info' | 'warn'>) {
    this.#store = new DocumentStore(client, namespace, (error) => log.warn({ err: error }, 'pieces of the previous index not removed'));
    this.#log = log;
  }

  /** The index of these policies. Empty if there is none that can be used: then everything is evaluated and a new index is written. */
  async read(policies: IndexedPolicies): Promise<RescanIndex> {
    const { content } = await this.#open(nameOf(policies));
    return content ? indexOf(content) : new Map();
  }

  /** Changes the index of these policies. An unchanged index is not written. */
  async update(policies: IndexedPolicies, change: (before: RescanIndex) => RescanIndex): Promise<void> {
    const place = placeOf(policies);
    for (let attempt = 1; ; attempt++) {
      const { content, before } = await this.#open(place.name);
      const next = contentOf(change(content ? indexOf(content) : new Map()));
      if (isDeepStrictEqual(next, content)) return;
      try {
        await this.#store.write(place, RESCAN_INDEX, next, before);
        await this.#tidy(place.name);
        return;
      } catch (error) {
        if (!(error instanceof DocumentConflict) || attempt === writeTries) throw error;
      }
    }
  }

  async #open(name: string): Promise<{ readonly content?: RescanContent; readonly before?: PreviousDocument }> {
    try {
      const found = await this.#store.read(name, RESCAN_INDEX);
      return found ? { content: found.content, before: found } : {};
    } catch (error) {
      if (!isUnusable(error)) throw error;
      this.#log.info({ index: name, reason: error.message }, 'rescan index not usable: all namespaces are evaluated');
      const before = await this.#store.previous(name);
      return before ? { before } : {};
    }
  }

  /** Deletes the oldest indexes beyond the limit. */
  async #tidy(own: string): Promise<void> {
    const heads: { readonly name: string; readonly made: string }[] = [];
    for await (const items of documentHeads(this.#store, RESCAN_INDEX))
      heads.push(...items.map(({ metadata: { name, creationTimestamp = '' } }) => ({ name, made: creationTimestamp })));
    const others = heads.filter(({ name }) => name !== own).toSorted((a, b) => (a.made < b.made ? 1 : -1));
    for (const { name } of others.slice(mostIndexes - 1)) await this.#store.remove(name);
  }
}

/** The name contains the uids of the policies: a new policy with an old name has another index. */
const nameOf = (policies: IndexedPolicies): string =>
  `vigil-rescan-${hash(
    'sha256',
    policies
      .map(({ uid }) => uid)
      .toSorted()
      .join(' '),
  ).slice(0, 10)}`;

/** The first policy owns the index: without it, no scan has this set of policies any more. */
function placeOf(policies: IndexedPolicies): DocumentMetadata {
  const [first] = policies.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const owner = first && { apiVersion: API_VERSION, kind: RESOURCES.policies.kind, name: first.name, uid: first.uid };
  return { name: nameOf(policies), ...(owner ? { ownerReferences: [owner] } : {}) };
}
