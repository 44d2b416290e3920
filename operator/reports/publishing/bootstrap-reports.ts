import { ANNOTATIONS } from '../../api/group.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { isConflict, isInvalid, isNamespaceTerminating } from '../../kube/client/kube-api-error.ts';
import { SOURCE } from '../identity/report-name.ts';
import {
  BOOTSTRAP_REPORT,
  bootstrapKey,
  bootstrapReport,
  entriesIn,
  entryOfReport,
  entryVersion,
  hasRoomFor,
  isBootstrap,
  mayBeBootstrap,
  reportOfEntry,
  withoutPoliciesIn,
  type BootstrapEntries,
  type BootstrapEntry,
} from '../building/bootstrap-report.ts';
import type { ReportLocation } from '../building/report-location.ts';
import type { ReportRecords } from './report-records.ts';
import type { ReportWriter } from './report-writer.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';

const conflictTries = 4;

/** A desired report that may be aggregated into the bootstrap report. */
export interface BootstrapCandidate {
  readonly source: string;
  readonly target: RecordTarget;
}

/** The pending changes of the bootstrap report in one location. */
interface Draft<W> {
  readonly location: ReportLocation;
  /** The current entries. Undefined if another writer's report has the name: every object then has its own report. */
  readonly known: BootstrapEntries | undefined;
  /** The new entries by key. Undefined removes the entry. */
  readonly changes: Map<string, BootstrapEntry | undefined>;
  /** Separate reports that the entries replace. */
  readonly replaced: PolicyReport[];
  /** The desired reports that are counted in entries and not written. */
  readonly aggregated: W[];
}

/** Collects the changes for default roles and bindings of Kubernetes while reports are published, and writes each bootstrap report once. */
export class BootstrapReports<W extends BootstrapCandidate = BootstrapCandidate> {
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;
  readonly #drafts = new Map<string, Promise<Draft<W>>>();

  constructor(writer: ReportWriter, records: ReportRecords) {
    this.#writer = writer;
    this.#records = records;
  }

  /** Returns the entry of an object as a report. Returns undefined if the object has no entry. */
  async prior(location: ReportLocation, target: RecordTarget): Promise<PolicyReport | undefined> {
    if (!mayBeBootstrap(target)) return undefined;
    const entry = (await this.#draftOf(location)).known?.get(bootstrapKey(target));
    return entry && reportOfEntry(bootstrapKey(target), entry, location.namespace);
  }

  /**
   * Adds a report to the bootstrap report, if it has no results, its object is a default object of Kubernetes, and there is room. `existing`
   * is then deleted. Returns the version of the entry and whether it changes. Returns undefined if the report must be written separately.
   */
  async aggregate(
    location: ReportLocation,
    desired: W,
    { report, existing }: { readonly report: PolicyReport; readonly existing: PolicyReport | undefined },
  ): Promise<{ readonly version: string; readonly isChanged: boolean } | undefined> {
    if (!isCounted(desired, report)) return undefined;
    const { known, changes, replaced, aggregated: aggregated } = await this.#draftOf(location);
    const key = bootstrapKey(desired.target);
    const entry = entryOfReport(report);
    if (!known || !hasRoomFor(applied(known, new Map([...changes, [key, entry]])))) return undefined;
    if (existing) replaced.push(existing);
    aggregated.push(desired);
    const version = entryVersion(entry);
    const before = known.get(key);
    const isChanged = !before || entryVersion(before) !== version;
    if (isChanged) changes.set(key, entry);
    return { version, isChanged: isChanged || existing !== undefined };
  }

  /** Removes the entry of an object that has its own report now. */
  async remove(location: ReportLocation, target: RecordTarget): Promise<void> {
    if (!mayBeBootstrap(target)) return;
    const { known, changes } = await this.#draftOf(location);
    if (known?.has(bootstrapKey(target))) changes.set(bootstrapKey(target), undefined);
  }

  /**
   * Writes the collected changes. Calls `onRefused` with the reports that the API server rejects as invalid. Throws any other error; a
   * repetition writes the same changes.
   */
  async flush(onRefused: (desiredReports: readonly W[], error: unknown) => void): Promise<void> {
    for (const draft of await Promise.all(this.#drafts.values())) {
      try {
        await this.#write(draft);
      } catch (error) {
        if (isNamespaceTerminating(error)) continue;
        if (!isInvalid(error)) throw error;
        onRefused(draft.aggregated, error);
      }
    }
  }

  async #write({ location, changes, replaced }: Draft<W>): Promise<void> {
    if (changes.size > 0) await this.#change(location, (entries) => applied(entries, changes));
    // Deletes the replaced reports last: counting an object twice is corrected by the next evaluation, losing its counts is not.
    for (const report of replaced) await this.#writer.remove(location.resource, report);
  }

  /** Removes policies from the selected entries. Returns whether the report changed. */
  withdraw(location: ReportLocation, policies: readonly string[], isSelected: (key: string) => boolean = () => true): Promise<boolean> {
    return this.#change(location, (entries) => withoutPoliciesIn(entries, policies, isSelected));
  }

  #draftOf(location: ReportLocation): Promise<Draft<W>> {
    return this.#drafts.getOrInsertComputed(location.namespace ?? '', async () => {
      const existing = await this.#read(location);
      const known = existing && this.#records.ownership(existing) === 'foreign' ? undefined : entriesIn(existing);
      return { location, known, changes: new Map(), replaced: [], aggregated: [] };
    });
  }

  #read({ resource, namespace }: ReportLocation): Promise<PolicyReport | undefined> {
    return this.#writer.read(resource, { namespace, name: BOOTSTRAP_REPORT });
  }

  async #change(location: ReportLocation, change: (entries: BootstrapEntries) => BootstrapEntries): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const existing = await this.#read(location);
      const ownership = existing && this.#records.ownership(existing);
      if (ownership === 'foreign') return false;
      const report = bootstrapReport(change(entriesIn(existing)), { namespace: location.namespace, existing });
      if (ownership !== 'damaged' && digestOf(report) === digestOf(existing)) return false;
      try {
        await this.#put(location, report, existing);
        return true;
      } catch (error) {
        if (!isConflict(error) || attempt === conflictTries) throw error;
      }
    }
  }

  async #put({ resource }: ReportLocation, report: PolicyReport | undefined, existing: PolicyReport | undefined): Promise<void> {
    if (report) await this.#writer.write(resource, report, existing);
    else if (existing) await this.#writer.remove(resource, existing);
  }
}

/** Whether a report is counted in the bootstrap report: it has no results, and its object is a default object of Kubernetes. */
const isCounted = ({ source, target }: BootstrapCandidate, { results = [] }: PolicyReport): boolean =>
  source === SOURCE && results.length === 0 && isBootstrap(target);

/** Returns the digest of a report, an empty text if it has none, and undefined without a report. */
const digestOf = (report: PolicyReport | undefined): string | undefined =>
  report && (report.metadata.annotations?.[ANNOTATIONS.digest] ?? '');

function applied(entries: BootstrapEntries, changes: ReadonlyMap<string, BootstrapEntry | undefined>): BootstrapEntries {
  const after = new Map(entries);
  for (const [key, entry] of changes)
    if (entry) after.set(key, entry);
    else after.delete(key);
  return after;
}
