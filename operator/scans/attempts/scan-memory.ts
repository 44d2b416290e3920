import { ReportTracker } from '../../reports/sweeping/report-tracker.ts';
import { Ages } from '../../jobs/ages.ts';
import type { RescanDraft } from '../rescan/rescan-draft.ts';
import type { StatusMemory } from '../status/scan-status-writer.ts';

/** What a process remembers of one Scan that has not ended, beside its ledger: nothing that another could not go on without. */
export class ScanMemory implements StatusMemory {
  writtenAt = Number.NEGATIVE_INFINITY;
  /** The reports that were made sure of. */
  seen = new ReportTracker();
  /** What it finds for the next scan to carry over; undefined where this process has not planned it. */
  rescan: RescanDraft | undefined;
  /** How long its Jobs and pods have been seen for. */
  readonly ages: Ages;
  /** The reasons of holds that an Event has told. */
  readonly reportedHolds = new Set<string>();
  readonly #waits: Ages;

  /** `now`: milliseconds that only grow; default the process's. */
  constructor(now: () => number = () => performance.now()) {
    this.ages = new Ages(now);
    this.#waits = new Ages(now);
  }

  /** Its plan is made anew: what was made sure of counts no longer. */
  reset(): void {
    this.seen = new ReportTracker();
    this.rescan = undefined;
  }

  /** For how long the same has been waited for, in milliseconds since it was first asked. */
  waitedFor(what: string): number {
    return this.#waits.of({ metadata: { name: what, uid: what } });
  }

  /** It is not waited for any more. */
  stopWaiting(what: string): void {
    this.#waits.forget({ metadata: { name: what, uid: what } });
  }
}
