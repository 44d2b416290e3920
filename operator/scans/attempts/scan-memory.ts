import { ReportTracker } from '../../reports/sweeping/report-tracker.ts';
import { Ages } from '../../jobs/ages.ts';
import type { RescanDraft } from '../rescan/rescan-draft.ts';
import type { StatusMemory } from '../status/scan-status-writer.ts';

/** What a process remembers of a running Scan besides its ledger. Another process can continue the Scan without it. */
export class ScanMemory implements StatusMemory {
  writtenAt = Number.NEGATIVE_INFINITY;
  /** The reports that were verified. */
  seen = new ReportTracker();
  /** The results to carry over to the next scan; undefined if another process planned this scan. */
  rescan: RescanDraft | undefined;
  /** Measures how long its Jobs and pods have been observed. */
  readonly ages: Ages;
  /** The reasons of holds for which an Event was recorded. */
  readonly reportedHolds = new Set<string>();
  readonly #waits: Ages;

  /** `now`: milliseconds by a monotonic clock; default: the process's. */
  constructor(now: () => number = () => performance.now()) {
    this.ages = new Ages(now);
    this.#waits = new Ages(now);
  }

  /** Forgets the results of the previous plan. */
  reset(): void {
    this.seen = new ReportTracker();
    this.rescan = undefined;
  }

  /** Milliseconds since the first call for this condition. */
  waitedFor(what: string): number {
    return this.#waits.of({ metadata: { name: what, uid: what } });
  }

  /** The condition has ended: the next wait starts at 0. */
  stopWaiting(what: string): void {
    this.#waits.forget({ metadata: { name: what, uid: what } });
  }
}
