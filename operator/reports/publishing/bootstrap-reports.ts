import { ANNOTATIONS } from '../../api/group.ts';
import type { PolicyReport } from '../../api/policy-report.ts';
import { isConflict, isInvalid, isNamespaceTerminating } from '../../kube/kube-api-error.ts';
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

/** A report that is wanted. */
export interface BootstrapCandidate {
  readonly source: string;
  readonly target: RecordTarget;
}

/** What is to change in the report of one place. */
interface Draft<W> {
  readonly home: ReportLocation;
  /** Undefined: another has the name, and every object has a report of its own. */
  readonly known: BootstrapEntries | undefined;
  /** Undefined: the entry goes. */
  readonly changes: Map<string, BootstrapEntry | undefined>;
  /** Reports that the entries take the place of. */
  readonly replaced: PolicyReport[];
  /** What is counted instead of written. */
  readonly aggregated: W[];
}

/** Gathers what becomes of the roles and bindings that Kubernetes brings while reports are published, and writes it at the end, at once. */
export class BootstrapReports<W extends BootstrapCandidate = BootstrapCandidate> {
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;
  readonly #drafts = new Map<string, Promise<Draft<W>>>();

  constructor(writer: ReportWriter, records: ReportRecords) {
    this.#writer = writer;
    this.#records = records;
  }

  /** What is counted of an object in place of a report of its own, as that report would say it; undefined where that is nothing. */
  async prior(home: ReportLocation, target: RecordTarget): Promise<PolicyReport | undefined> {
    if (!mayBeBootstrap(target)) return undefined;
    const entry = (await this.#draftOf(home)).known?.get(bootstrapKey(target));
    return entry && reportOfEntry(bootstrapKey(target), entry, home.namespace);
  }

  /**
   * Counts a report that is wanted in place of writing it, if it has no results, Kubernetes brings its object, and there is room; `existing`
   * goes then. Returns the version that is wanted and whether it is news; undefined if the report must be written.
   */
  async aggregate(
    home: ReportLocation,
    desired: W,
    { report, existing }: { readonly report: PolicyReport; readonly existing: PolicyReport | undefined },
  ): Promise<{ readonly version: string; readonly isNews: boolean } | undefined> {
    if (!isCounted(desired, report)) return undefined;
    const { known, changes, replaced, aggregated: aggregated } = await this.#draftOf(home);
    const key = bootstrapKey(desired.target);
    const entry = entryOfReport(report);
    if (!known || !hasRoomFor(applied(known, new Map([...changes, [key, entry]])))) return undefined;
    if (existing) replaced.push(existing);
    aggregated.push(desired);
    const version = entryVersion(entry);
    const before = known.get(key);
    const isNews = !before || entryVersion(before) !== version;
    if (isNews) changes.set(key, entry);
    return { version, isNews: isNews || existing !== undefined };
  }

  /** Says that an object has a report of its own now. */
  async remove(home: ReportLocation, target: RecordTarget): Promise<void> {
    if (!mayBeBootstrap(target)) return;
    const { known, changes } = await this.#draftOf(home);
    if (known?.has(bootstrapKey(target))) changes.set(bootstrapKey(target), undefined);
  }

  /**
   * Writes what was gathered. Calls `onRefused` with what the server refuses as it is; throws what else it answers: a repetition does the
   * same.
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

  async #write({ home, changes, replaced }: Draft<W>): Promise<void> {
    if (changes.size > 0) await this.#change(home, (entries) => applied(entries, changes));
    // Last: what is counted twice for a moment is right again with the next evaluation, what is lost is not.
    for (const report of replaced) await this.#writer.remove(home.resource, report);
  }

  /** Takes policies out of the entries that are meant. Returns whether that changed anything. */
  withdraw(home: ReportLocation, policies: readonly string[], isMeant: (key: string) => boolean = () => true): Promise<boolean> {
    return this.#change(home, (entries) => withoutPoliciesIn(entries, policies, isMeant));
  }

  #draftOf(home: ReportLocation): Promise<Draft<W>> {
    return this.#drafts.getOrInsertComputed(home.namespace ?? '', async () => {
      const existing = await this.#read(home);
      const known = existing && this.#records.ownership(existing) === 'foreign' ? undefined : entriesIn(existing);
      return { home, known, changes: new Map(), replaced: [], aggregated: [] };
    });
  }

  #read({ resource, namespace }: ReportLocation): Promise<PolicyReport | undefined> {
    return this.#writer.read(resource, { namespace, name: BOOTSTRAP_REPORT });
  }

  async #change(home: ReportLocation, change: (entries: BootstrapEntries) => BootstrapEntries): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const existing = await this.#read(home);
      const ownership = existing && this.#records.ownership(existing);
      if (ownership === 'foreign') return false;
      const report = bootstrapReport(change(entriesIn(existing)), { namespace: home.namespace, existing });
      if (ownership !== 'damaged' && digestOf(report) === digestOf(existing)) return false;
      try {
        await this.#put(home, report, existing);
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

/** Whether a report is counted in place of being written: it has no results, and Kubernetes brings its object. */
const isCounted = ({ source, target }: BootstrapCandidate, { results = [] }: PolicyReport): boolean =>
  source === SOURCE && results.length === 0 && isBootstrap(target);

/** What Vigil wrote; undefined of no report. */
const digestOf = (report: PolicyReport | undefined): string | undefined =>
  report && (report.metadata.annotations?.[ANNOTATIONS.digest] ?? '');

function applied(entries: BootstrapEntries, changes: ReadonlyMap<string, BootstrapEntry | undefined>): BootstrapEntries {
  const after = new Map(entries);
  for (const [key, entry] of changes)
    if (entry) after.set(key, entry);
    else after.delete(key);
  return after;
}
