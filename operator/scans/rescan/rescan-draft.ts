import type { ListedObjects } from '../../findings/namespace-marks.ts';
import { addTallies, type PolicyTally } from '../../findings/tally.ts';
import type { ReadReports } from '../../reports/sweeping/report-sweeper.ts';
import type { NamespaceReportDigests } from '../../reports/identity/namespace-report-digests.ts';
import type { NamespaceRecord } from '../../stream/stream-record.ts';
import { countsAgree, type NamespaceState, type RescanEntry, type RescanIndex } from './rescan-index.ts';

/** What a scan was planned with, as far as the next one needs it. */
export interface PlannedScan {
  /** The namespaces with targets, as they were found. */
  readonly planned: ReadonlyMap<string, NamespaceState>;
  /** Those that are in no shard. */
  readonly carriedOver: ReadonlySet<string>;
  /** The objects that were listed. */
  readonly listed: ListedObjects;
  /** Only some namespaces were looked at. */
  readonly partial: boolean;
  /** The reports, as they were when the scan was planned; undefined where nobody asked. */
  readonly reports?: ReadReports | undefined;
}

/**
 * Gathers what a scan finds for the next one to carry over. It is not kept: where another operator takes a scan over, what was found before
 * is evaluated once more by the next scan.
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
   * What the sweep at the end of the scan would find, where it has nothing to do: everything is carried over, and no report is about anything
   * else. Undefined where there is something to sweep, and from the second time on: by then the reports may be others.
   */
  takeSwept(): ReadReports | undefined {
    const { planned, carriedOver, partial } = this.#plan;
    const reports = this.#reports;
    this.#reports = undefined;
    const isAll = !partial && carriedOver.size === planned.size && reports?.digests.namespaces.isSubsetOf(carriedOver) === true;
    return isAll ? reports : undefined;
  }

  /** Takes in what a shard came to; the last word about a shard counts. */
  collected(shard: number, records: readonly NamespaceRecord[]): void {
    this.#collected.set(shard, records);
  }

  /**
   * The index after the scan, by what it was before: an entry for each namespace that was evaluated as a whole and without an error, beside just
   * what was there when the scan was planned. What is known of carried-over namespaces stays; what is known of others goes. `reports` are those
   * that the sweep has found: where it has removed one, the namespace is evaluated once more.
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
      for (const [policy, tally] of Object.entries(record.policies)) policies[policy] = addTallies(policies[policy], tally);
    if (Object.values(policies).some(({ summary }) => summary.error > 0)) return undefined;
    const entry = { mark: now.mark, reports, scanned: records.reduce((sum, { scanned }) => sum + scanned, 0), policies };
    return countsAgree(entry, now) ? entry : undefined;
  }

  /** Whether a worker read the same beside its targets as was listed when the scan was planned. */
  #isAsListed([kind, place, digest]: NamespaceRecord['reads'][number]): boolean {
    return this.#plan.listed.of({ kind, place }) === digest;
  }
}
