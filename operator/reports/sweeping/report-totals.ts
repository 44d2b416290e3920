import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../api/metadata.ts';
import type { ChangeType } from '../../kube/watch/list-watch.ts';
import { addTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import { reportKey } from '../identity/report-name.ts';
import type { PolicyLedger } from '../identity/policy-ledger.ts';
import { isAtExpectedLocation } from '../building/report-location.ts';
import { countedIn } from '../identity/report-ownership.ts';

/** What a list and watch of reports delivers; see `ListWatchSink`. */
export interface ReportsSink {
  readonly begin: () => void;
  readonly listed: (report: KubeObject) => void;
  readonly complete: () => void;
  readonly changed: (type: ChangeType, report: KubeObject) => void;
}

/**
 * The counts of each policy over all reports of one source that Vigil wrote, kept up to date by lists and watches of report metadata.
 * A report that Vigil did not write, or that lies in another place than Vigil puts it, counts for nothing.
 */
export class ReportTotals {
  readonly #source: string;
  readonly #onChange: () => void;
  readonly #parts: ReportPart[] = [];

  /** `onChange` is called when a report starts, stops or changes to count. */
  constructor(source: string, onChange: () => void = () => undefined) {
    this.#source = source;
    this.#onChange = onChange;
  }

  /** A sink for one resource of reports. Until its first list is complete there are no totals. */
  part(): ReportsSink {
    const part = new ReportPart(this.#source, this.#onChange);
    this.#parts.push(part);
    return part;
  }

  /**
   * The counts by policy. Undefined before every list is complete, without any sink, and while a report is there whose counts somebody
   * has edited: then the results themselves must be read.
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

  /** Forgets everything: the watches have ended. */
  clear(): void {
    this.#parts.length = 0;
  }
}

/** What a report counts; see {@link countedIn}. A report in another place counts for nothing. */
const countedAt = (source: string, report: KubeObject): PolicyLedger | undefined =>
  isAtExpectedLocation(source, report) ? countedIn(report) : {};

type Ledgers = Map<string, PolicyLedger | 'damaged'>;

/** The reports of one resource that count, by `reportKey`. */
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

  /** Undefined if they are not known. */
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
