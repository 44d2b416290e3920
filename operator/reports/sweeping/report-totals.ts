import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../api/metadata.ts';
import type { ChangeType } from '../../kube/watch/list-watch.ts';
import { addTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import { reportKey } from '../identity/report-name.ts';
import type { PolicyLedger } from '../identity/policy-ledger.ts';
import { isAtExpectedLocation } from '../building/report-location.ts';
import { countedIn } from '../identity/report-ownership.ts';

/** The callbacks of a list and watch of reports; see `ListWatchSink`. */
export interface ReportsSink {
  readonly begin: () => void;
  readonly listed: (report: KubeObject) => void;
  readonly complete: () => void;
  readonly changed: (type: ChangeType, report: KubeObject) => void;
}

/**
 * The counts of each policy in all reports of one source that Vigil wrote, updated by lists and watches of report metadata. A report that
 * Vigil did not write, or that is not in its expected location, does not count.
 */
export class ReportTotals {
  readonly #source: string;
  readonly #onChange: () => void;
  readonly #parts: ReportPart[] = [];

  /** Calls `onChange` after the counts of a report were added, changed or removed. */
  constructor(source: string, onChange: () => void = () => undefined) {
    this.#source = source;
    this.#onChange = onChange;
  }

  /** Returns a new sink for one report resource. The totals are undefined until its first list is complete. */
  part(): ReportsSink {
    const part = new ReportPart(this.#source, this.#onChange);
    this.#parts.push(part);
    return part;
  }

  /**
   * Returns the counts by policy. Returns undefined without a sink, until every list is complete, and while another writer's change makes the
   * counts of a report invalid: the caller must then read the results.
   */
  get(): ReadonlyMap<string, PolicyTotals> | undefined {
    const parts = this.#parts.map((part) => part.totals);
    const sums = new Map<string, PolicyTotals>();
    for (const part of parts) {
      if (!part) return undefined;
      for (const [policy, totals] of part) addTotals(sums, policy, totals, 1);
    }
    return parts.length === 0 ? undefined : sums;
  }

  /** Removes all sinks. Called when the watches have ended. */
  clear(): void {
    this.#parts.length = 0;
  }
}

/** Returns the counts of a report; see {@link countedIn}. Empty if the report is not in its expected location. */
const countedAt = (source: string, report: KubeObject): PolicyLedger | undefined =>
  isAtExpectedLocation(source, report) ? countedIn(report) : {};

type Ledgers = Map<string, PolicyLedger | 'damaged'>;

/** The counts of the reports of one resource, by `reportKey`. */
class ReportPart implements ReportsSink {
  readonly #source: string;
  readonly #onChange: () => void;
  readonly #totals = new Map<string, PolicyTotals>();
  #ledgers: Ledgers = new Map();
  #listed: Ledgers = new Map();
  #damaged = 0;
  #isComplete = false;

  constructor(source: string, onChange: () => void) {
    this.#source = source;
    this.#onChange = onChange;
  }

  /** Undefined until the first list is complete, and while the counts of a report are invalid. */
  get totals(): ReadonlyMap<string, PolicyTotals> | undefined {
    return this.#isComplete && this.#damaged === 0 ? this.#totals : undefined;
  }

  begin(): void {
    this.#listed = new Map();
  }

  listed(report: KubeObject): void {
    const [key, ledger] = this.#read(report);
    if (ledger) this.#listed.set(key, ledger);
  }

  complete(): void {
    for (const key of [...this.#ledgers.keys()]) if (!this.#listed.has(key)) this.#set(key, undefined);
    for (const [key, ledger] of this.#listed) this.#set(key, ledger);
    this.#listed = new Map();
    this.#isComplete = true;
  }

  changed(type: ChangeType, report: KubeObject): void {
    const [key, ledger] = this.#read(report);
    this.#set(key, type === 'DELETED' ? undefined : ledger);
  }

  #read(report: KubeObject): readonly [key: string, ledger: PolicyLedger | 'damaged' | undefined] {
    const ledger = countedAt(this.#source, report) ?? 'damaged';
    const isEmpty = ledger !== 'damaged' && Object.keys(ledger).length === 0;
    return [reportKey(report.metadata.namespace, report.metadata.name), isEmpty ? undefined : ledger];
  }

  #set(key: string, after: PolicyLedger | 'damaged' | undefined): void {
    const before = this.#ledgers.get(key);
    if (isDeepStrictEqual(before, after)) return;
    this.#add(before, -1);
    this.#add(after, 1);
    if (after) this.#ledgers.set(key, after);
    else this.#ledgers.delete(key);
    this.#onChange();
  }

  #add(ledger: PolicyLedger | 'damaged' | undefined, sign: 1 | -1): void {
    if (ledger === 'damaged') this.#damaged += sign;
    else for (const [policy, entry] of Object.entries(ledger ?? {})) addTotals(this.#totals, policy, entry, sign);
  }
}
