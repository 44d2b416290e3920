import { ownEntry } from '../../api/own-entry.ts';
import type { ListedObjects } from '../../findings/namespace-marks.ts';
import { addTallies, type PolicyTally } from '../../findings/tally.ts';
import type { ReadReports } from '../../reports/sweeping/report-sweeper.ts';
import type { NamespaceReportDigests } from '../../reports/identity/namespace-report-digests.ts';
import type { NamespaceRecord } from '../../stream/stream-record.ts';
import { countsAgree, type NamespaceState, type RescanEntry, type RescanIndex } from './rescan-index.ts';

/** The parts of a plan that the next scan needs. */
export interface PlannedScan {
  /** The namespaces with targets, as planned. */
  readonly planned: ReadonlyMap<string, NamespaceState>;
  /** The namespaces without a shard. */
  readonly carriedOver: ReadonlySet<string>;
  /** The listed objects. */
  readonly listed: ListedObjects;
  /** Whether the Scan includes only some namespaces. */
  readonly partial: boolean;
  /** The reports at the time of planning; undefined if they were not read. */
  readonly reports?: ReadReports | undefined;
}

/**
 * Collects the results of a scan for the next one. It is only in memory: if another operator continues the scan, the next scan evaluates
 * those namespaces again.
 */
export class RescanDraft {
  readonly #plan: PlannedScan;
  #reports: ReadReports | undefined;
  readonly #collected = new Map<number, readonly NamespaceRecord[]>();

  constructor(plan: PlannedScan) {
    this.#plan = plan;
    this.#reports = plan.reports;
  }

  /**
   * The reports for the final sweep, if it has nothing to do: everything is carried over, and every report is about carried-over targets.
   * Undefined if there is something to sweep, and from the second call on, because the reports may have changed.
   */
  takeSwept(): ReadReports | undefined {
    const { planned, carriedOver, partial } = this.#plan;
    const reports = this.#reports;
    this.#reports = undefined;
    const isAll = !partial && carriedOver.size === planned.size && reports?.digests.namespaces.isSubsetOf(carriedOver) === true;
    return isAll ? reports : undefined;
  }

  /** Stores the results of a shard. A repeated call replaces them. */
  collected(shard: number, records: readonly NamespaceRecord[]): void {
    this.#collected.set(shard, records);
  }

  /**
   * The index after the scan. It has an entry for each namespace that was evaluated completely, without an error, and with the same context
   * as at planning. Entries of carried-over namespaces are kept. `reports`: those that the sweep read; if it deleted one, the namespace is
   * evaluated again.
   */
  next(before: RescanIndex, reports: Pick<NamespaceReportDigests, 'digestOf'>): RescanIndex {
    const { planned, carriedOver, partial } = this.#plan;
    const next = new Map<string, RescanEntry>();
    for (const [name, entry] of before) if (carriedOver.has(name) || (partial && !planned.has(name))) next.set(name, entry);
    const records = Map.groupBy([...this.#collected.values()].flat(), ({ namespace }) => namespace);
    for (const [name, now] of planned) {
      const entry = carriedOver.has(name) ? undefined : this.#entryOf(now, records.get(name) ?? [], reports.digestOf(name));
      if (entry) next.set(name, entry);
    }
    return next;
  }

  #entryOf(now: NamespaceState, records: readonly NamespaceRecord[], reports: string | undefined): RescanEntry | undefined {
    if (now.mark === undefined || reports === undefined) return undefined;
    if (!records.every(({ reads }) => reads.every((read) => this.#isAsListed(read)))) return undefined;
    const policies: Record<string, PolicyTally> = {};
    for (const record of records)
      for (const [policy, tally] of Object.entries(record.policies)) policies[policy] = addTallies(ownEntry(policies, policy), tally);
    if (Object.values(policies).some(({ summary }) => summary.error > 0)) return undefined;
    const entry = { mark: now.mark, reports, scanned: records.reduce((sum, { scanned }) => sum + scanned, 0), policies };
    return countsAgree(entry, now) ? entry : undefined;
  }

  /** Whether a worker read the same context as was listed at planning. */
  #isAsListed([kind, place, digest]: NamespaceRecord['reads'][number]): boolean {
    return this.#plan.listed.of({ kind, place }) === digest;
  }
}
