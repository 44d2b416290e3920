import { DocumentConflict, isUnusable } from '../kube/documents/document-error.ts';
import { jsonKind } from '../kube/documents/document-kind.ts';
import { DocumentStore, type DocumentClient, type PreviousDocument } from '../kube/documents/document-store.ts';
import { messageOf } from '../kube/client/kube-request.ts';
import type { BaselineDocument } from './anomaly-detector.ts';

/** The name of the head of the document with everything that was learned. */
export const BASELINE_NAME = 'vigil-anomaly-baseline';

interface StoredBaseline {
  readonly documents: readonly BaselineDocument[];
}

const kind = jsonKind<StoredBaseline>('anomaly-baseline', 1, (content) =>
  Array.isArray((content as { readonly documents?: unknown } | null)?.documents),
);

/** What was learned, as it was stored. */
export interface LoadedBaseline {
  readonly documents: readonly BaselineDocument[];
  /** Why it could not be read and is learned again. */
  readonly problem?: string;
}

/**
 * Stores what the detector has learned: one document, so that a crash leaves the old or the new state and never a mixture. A second leader that
 * has not noticed yet that it lost its lease cannot overwrite it: a write compares the version that was read.
 */
export class BaselineStore {
  readonly #store: DocumentStore;
  #previous: PreviousDocument | undefined;
  /** The version that somebody else wrote, as the last refused write found it. */
  #foreign: string | undefined;

  constructor(client: DocumentClient, namespace: string, onLeftover?: (error: unknown) => void) {
    this.#store = new DocumentStore(client, namespace, onLeftover);
  }

  /** Reads what was stored. Throws an API error: then nothing is known, and the caller retries. */
  async load(): Promise<LoadedBaseline> {
    try {
      const stored = await this.#store.read(BASELINE_NAME, kind);
      this.#previous = stored && withoutContent(stored);
      return { documents: stored?.content.documents ?? [] };
    } catch (error) {
      if (!isUnusable(error)) throw error;
      this.#previous = await this.#store.previous(BASELINE_NAME);
      return { documents: [], problem: `what was normal cannot be read and is learned again: ${messageOf(error)}` };
    }
  }

  /**
   * Writes what was learned. Throws `DocumentConflict` if somebody else wrote it since. If a later call finds that version again, nobody writes it
   * any more: a leader before this one did so when it stopped, or a person edited it. Then it is replaced, as is one that was deleted.
   */
  async save(documents: readonly BaselineDocument[]): Promise<void> {
    try {
      await this.#write(documents);
    } catch (error) {
      if (!(error instanceof DocumentConflict)) throw error;
      const found = await this.#store.previous(BASELINE_NAME);
      if (found !== undefined && found.resourceVersion !== this.#foreign) {
        this.#foreign = found.resourceVersion;
        throw error;
      }
      this.#previous = found;
      await this.#write(documents);
    }
  }

  async #write(documents: readonly BaselineDocument[]): Promise<void> {
    this.#previous = withoutContent(await this.#store.write({ name: BASELINE_NAME }, kind, { documents }, this.#previous));
    this.#foreign = undefined;
  }
}

/** The content is megabytes: it must not stay in memory until the next write. */
const withoutContent = ({ resourceVersion, pieces }: PreviousDocument): PreviousDocument => ({ resourceVersion, pieces });
