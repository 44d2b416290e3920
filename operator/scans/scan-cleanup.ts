import { RESOURCES } from '../api/api-resource.ts';
import { scanStateKey } from '../api/kinds/scan-hold.ts';
import { objectChanges } from '../controller/object-changes.ts';
import { watchesFor, type WatchedResource } from '../controller/watched-resource.ts';
import { isFinished, type Scan } from '../api/kinds/scan.ts';
import { Controller, type ControllerOptions, type ReconcileResult } from '../controller/controller.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import { InputLost, type LedgerStore } from './ledger/ledger-store.ts';
import type { Ledger } from './ledger/ledger.ts';
import { removalTime } from './scan-retention.ts';

/** The dependencies of the cleanup. */
export interface CleanupParts {
  readonly client: Pick<KubeClient, 'delete'>;
  readonly scans: { readonly get: (name: string) => Scan | undefined };
  readonly store: Pick<LedgerStore, 'read' | 'remove'>;
  readonly jobs: {
    readonly tidy: (ledger: Ledger) => Promise<void>;
    readonly clear: (scan: Scan) => Promise<number>;
    readonly clearUnfinished: (scan: Scan) => Promise<void>;
  };
  readonly events: Pick<EventRecorder, 'record'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly log: ControllerOptions['log'];
  readonly observe?: ControllerOptions['observe'];
}

/** The longest pause before a retry, in milliseconds. */
const longestPause = 300_000;

/**
 * Deletes the Jobs and ConfigMaps of finished Scans, and the Scans after their time to live. It does not write the status: a failure here
 * does not change the result of a Scan. A failure is recorded as an Event and in the log, and retried by the queue of this controller with
 * increasing pauses.
 */
export function scanCleanupController(parts: CleanupParts): Controller {
  const { log, observe } = parts;
  return new Controller({
    name: 'scan-cleanup',
    log,
    observe,
    watches: scanCleanupWatches(),
    queue: { baseDelay: 1000, maxDelay: longestPause },
    reconcile: (name) => cleanUp(parts, name),
  });
}

/** Scans that have ended: when they end, and when the operator starts. */
export function scanCleanupWatches(): readonly WatchedResource[] {
  const isNews = objectChanges(scanStateKey);
  return [watchesFor(RESOURCES.scans, (scan: Scan, type) => isNews(scan, type) && isFinished(scan))];
}

/** Cleans up after a Scan that has ended. Throws the error if this fails. */
export async function cleanUp(parts: CleanupParts, name: string): Promise<ReconcileResult> {
  const scan = parts.scans.get(name);
  if (!scan || !isFinished(scan) || scan.metadata.deletionTimestamp !== undefined) return {};
  try {
    await removeParts(parts, scan);
  } catch (error) {
    const message = `could not remove the Jobs and ConfigMaps of the Scan; retrying: ${error instanceof Error ? error.message : String(error)}`;
    parts.events.record(RESOURCES.scans, scan, { type: 'Warning', reason: 'CleanupFailed', message });
    throw error;
  }
  const due = removalTime(scan);
  if (due === undefined) return {};
  const wait = due - parts.clock();
  if (wait > 0) return { requeueAfter: wait };
  await parts.client.delete(RESOURCES.scans, { name }, { uid: scan.metadata.uid });
  return {};
}

/**
 * The ledger is deleted last: as long as it exists, something may be left. If it cannot be read, all Jobs are deleted. Without a ledger, Jobs
 * that failed are kept, since an earlier cleanup has kept them for a day.
 */
async function removeParts({ store, jobs }: CleanupParts, scan: Scan): Promise<void> {
  const { name, uid = '' } = scan.metadata;
  try {
    const left = await store.read({ name, uid });
    if (!left) {
      await jobs.clearUnfinished(scan);
      return;
    }
    await jobs.tidy(left.ledger);
  } catch (error) {
    if (!(error instanceof InputLost)) throw error;
    await jobs.clear(scan);
  }
  await store.remove({ name, uid });
}
