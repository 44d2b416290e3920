import type { ApiResource } from '../../api/api-resource.ts';
import { API_VERSION } from '../../api/group.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import type { SeverityCounts } from '../../api/kinds/security-policy.ts';
import { isConflict, isInvalid, isNamespaceTerminating } from '../../kube/client/kube-api-error.ts';
import { messageOf } from '../../kube/client/kube-request.ts';
import { listPages } from '../../kube/list.ts';
import type { EvidenceInput } from '../building/evidence.ts';
import { BootstrapReports } from './bootstrap-reports.ts';
import { reportLocation, type ReportLocation } from '../building/report-location.ts';
import { concurrently } from './concurrently.ts';
import { buildReport, comparedPolicies, withoutPolicies, type ReportInput } from '../building/report-builder.ts';
import { recordedChange, newFailures, type ReportChange } from '../building/report-change.ts';
import { alternativeReportName, reportKey, reportName, reportSelector } from '../identity/report-name.ts';
import { EvidencePublisher, type DesiredEvidence } from './evidence-publisher.ts';
import {
  BOOTSTRAP_REPORT,
  entryOfReport,
  entryReportName,
  entryVersion,
  isBootstrapPlace,
  isBootstrapReport,
} from '../building/bootstrap-report.ts';
import { priorReport } from '../identity/prior-report.ts';
import { metadataRecords, type ReportRecords } from './report-records.ts';
import { ReportWriter, type WriteObserver, type ReportClient } from './report-writer.ts';
import { isTakenOver, returnedReport } from './returned-report.ts';
import { addSeverities, emptySeverities } from '../../findings/tally.ts';

/** The inputs of one report, without its current state. */
export type DesiredReport = Omit<ReportInput, 'existing' | 'name'>;

/** The result of {@link ReportPublisher.publish}. */
export interface PublishResult {
  /** The number of reports that were written. Unchanged reports are not written. */
  readonly written: number;
  readonly unchanged: number;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
  /** The resourceVersion of each report that is up to date now, by `reportKey`. */
  readonly versions: ReadonlyMap<string, string>;
  /** The reports that the API server rejected as invalid, with the reason. A retry would fail again. */
  readonly refused: readonly { readonly desired: DesiredReport; readonly message: string }[];
}

/** Called with the new failures of a report after it was written. */
export type FindingObserver = (target: DesiredReport['target'], failures: readonly ReportResult[]) => void;

/** A conflict with another writer about a report or its name. */
export interface ReportConflict {
  /** `NameTaken`: another writer's report has the name; Vigil uses another name. `ForeignResults`: Vigil removed another writer's results. */
  readonly reason: 'NameTaken' | 'ForeignResults';
  /** The name of Vigil's report. */
  readonly report: string;
  readonly message: string;
}

/** The observers of published reports. */
export interface PublishObservers {
  readonly onWrite?: WriteObserver;
  readonly onFailures?: FindingObserver;
  /** Called with the policies of the reports after each call of `publish`, whether it failed or not. A policy may have been deleted meanwhile. */
  readonly onPublished?: (policies: ReadonlySet<string>) => void;
  readonly onConflict?: (target: DesiredReport['target'], conflict: ReportConflict) => void;
}

const conflictTries = 4;
/** The maximum number of reports in a namespace that are read one by one. More are read from a list. */
const maxSingleReads = 3;
/** A name for a report, and the current report of that name. */
interface NamedReport {
  readonly name: string;
  readonly existing: PolicyReport | undefined;
}

/** The result for one report. */
type PublishedReport = ReportChange & { readonly written: 0 | 1; readonly name: string; readonly version: string };

/** Updates the existing report to the desired one. */
type PublishOne = (desired: DesiredReport, existing: PolicyReport | undefined) => Promise<void>;

/** The number of reports in a page of a list. It is small, because a report can be large. */
const pageSize = 50;
/** A list is read further while at least one in this number of reports is wanted. */
const readAhead = 3;
/** The number of reports that are read before this ratio is checked. */
const grace = 100;
/** The maximum number of concurrent writes. */
const writers = 8;

/**
 * Reads and writes all reports. Writes a report only if it differs. Never changes a report of another writer: if such a report has the name,
 * Vigil writes its report under an alternative name.
 */
export class ReportPublisher {
  readonly #client: ReportClient;
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;
  readonly #observers: PublishObservers;
  readonly #evidence: EvidencePublisher;

  constructor(client: ReportClient, observers: PublishObservers = {}, records: ReportRecords = metadataRecords) {
    this.#client = client;
    this.#records = records;
    this.#observers = observers;
    this.#writer = new ReportWriter({ client, records, onWrite: (operation) => observers.onWrite?.(operation) });
    this.#evidence = new EvidencePublisher(client, this.#writer, records, ({ name, uid }, { first, other }) => {
      const message = `the reports ${first} and ${other} are not Vigil's: the evidence is in neither`;
      const target = { apiVersion: API_VERSION, kind: 'SecurityPolicy', name, uid };
      observers.onConflict?.(target, { reason: 'NameTaken', report: other, message });
    });
  }

  /**
   * Updates the reports about these objects. Throws the first error that may be temporary. A repetition continues from there and returns the
   * same counts. Ignores reports in a terminating namespace.
   */
  async publish(desiredReports: readonly DesiredReport[]): Promise<PublishResult> {
    try {
      return await this.#publish(desiredReports);
    } finally {
      this.#observers.onPublished?.(new Set(desiredReports.flatMap(({ policies }) => policies.map(({ name }) => name))));
    }
  }

  async #publish(desiredReports: readonly DesiredReport[]): Promise<PublishResult> {
    const total = { written: 0, unchanged: 0, new: emptySeverities(), fixed: emptySeverities() };
    const refused: { desired: DesiredReport; message: string }[] = [];
    const versions = new Map<string, string>();
    const bootstrap = new BootstrapReports<DesiredReport>(this.#writer, this.#records);
    const publishOne = async (desired: DesiredReport, existing: PolicyReport | undefined): Promise<void> => {
      try {
        const outcome = await this.#publishOne(desired, existing, bootstrap);
        total.written += outcome.written;
        versions.set(reportKey(reportLocation(desired.target).namespace, outcome.name), outcome.version);
        total.unchanged += 1 - outcome.written;
        total.new = addSeverities(total.new, outcome.new);
        total.fixed = addSeverities(total.fixed, outcome.fixed);
      } catch (error) {
        if (isNamespaceTerminating(error)) return;
        if (!isInvalid(error) && !(error instanceof NamesTakenError)) throw error;
        refused.push({ desired, message: messageOf(error) });
      }
    };
    for (const group of Map.groupBy(desiredReports, ({ target }) => reportLocation(target).namespace).values())
      await this.#publishInto(group, publishOne);
    await bootstrap.flush((some, error) => {
      for (const desired of some) refused.push({ desired, message: messageOf(error) });
    });
    return { ...total, versions, refused };
  }

  /** Updates the evidence reports of one policy. See {@link EvidencePublisher.publish}. */
  publishEvidence(policy: EvidenceInput['policy'], desiredReports: readonly DesiredEvidence[]): Promise<void> {
    return this.#evidence.publish(policy, desiredReports);
  }

  /**
   * Updates the reports of one namespace. Reads the existing reports from a list, page by page, if most of the list is wanted, and otherwise
   * one by one.
   */
  async #publishInto(group: readonly DesiredReport[], publishOne: PublishOne): Promise<void> {
    const wanted = Map.groupBy(group, ({ source, target }) => reportName(source, target));
    const others = new Map(group.map(({ source, target }) => [alternativeReportName(source, target), reportName(source, target)]));
    const take = async (name: string, report: PolicyReport | undefined): Promise<void> => {
      const desiredReports = wanted.get(name) ?? [];
      wanted.delete(name);
      for (const desired of desiredReports) await publishOne(desired, report);
    };
    const isListComplete = wanted.size > maxSingleReads && (await this.#publishListed(group, { wanted, others }, take));
    await concurrently([...wanted.keys()], writers, async (name) =>
      take(name, isListComplete ? undefined : await this.#readAt(group, name)),
    );
  }

  /** Updates the wanted reports in a list. Stops when too few listed reports are wanted. Returns whether the whole list was read. */
  async #publishListed(
    group: readonly DesiredReport[],
    { wanted, others }: { readonly wanted: ReadonlyMap<string, unknown>; readonly others: ReadonlyMap<string, string> },
    take: (name: string, report: PolicyReport) => Promise<void>,
  ): Promise<boolean> {
    const [{ source, target }] = group as readonly [DesiredReport];
    const { resource, namespace } = reportLocation(target);
    const labelSelector = reportSelector(source);
    const all = wanted.size;
    let read = 0;
    for await (const { items, next } of listPages<PolicyReport>(this.#client, resource, { namespace, labelSelector, limit: pageSize })) {
      const found = items.flatMap((report) => {
        const name = others.get(report.metadata.name) ?? report.metadata.name;
        return wanted.has(name) ? [[name, report] as const] : [];
      });
      await concurrently(found, writers, ([name, report]) => take(name, report));
      read += items.length;
      if (next !== undefined && (wanted.size === 0 || read > (all - wanted.size) * readAhead + grace)) return false;
    }
    return true;
  }

  /** Reads the report of a usual name. If it does not exist, reads the report of the alternative name. */
  async #readAt(group: readonly DesiredReport[], name: string): Promise<PolicyReport | undefined> {
    const desired = group.find(({ source, target }) => reportName(source, target) === name) as DesiredReport;
    const { resource, namespace } = reportLocation(desired.target);
    for (const each of [name, alternativeReportName(desired.source, desired.target)]) {
      const report = await this.#writer.read(resource, { namespace, name: each });
      if (report) return report;
    }
    return undefined;
  }

  async #publishOne(
    desired: DesiredReport,
    known: PolicyReport | undefined,
    bootstrap: BootstrapReports<DesiredReport>,
  ): Promise<PublishedReport> {
    const location = reportLocation(desired.target);
    const prior = await bootstrap.prior(location, desired.target);
    let at = await this.#findName(desired, known?.metadata.name ?? reportName(desired.source, desired.target), known);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#publishAt(desired, at, { prior, bootstrap });
      } catch (error) {
        if (!isConflict(error) || attempt === conflictTries) throw error;
        at = await this.#findName(
          desired,
          at.name,
          await this.#writer.read(location.resource, { namespace: location.namespace, name: at.name }),
        );
      }
    }
  }

  /** `prior` is the entry of the object in the bootstrap report, as a report. */
  async #publishAt(
    desired: DesiredReport,
    { name, existing }: NamedReport,
    { prior, bootstrap }: { readonly prior: PolicyReport | undefined; readonly bootstrap: BootstrapReports<DesiredReport> },
  ): Promise<PublishedReport> {
    const location = reportLocation(desired.target);
    const before = existing ?? prior;
    const report = buildReport({ ...desired, existing: before, name });
    const wanted = report ?? existing;
    const taken = wanted && (await bootstrap.aggregate(location, desired, { report: wanted, existing }));
    if (taken) return { written: taken.isChanged ? 1 : 0, name, version: taken.version, ...recordedChange(wanted, desired.scan) };
    let version = versionOf(before);
    if (report) {
      version = await this.#writer.write(location.resource, report, existing);
      this.#notify(desired, { existing: before, report });
    }
    // The object has its own report now.
    if (wanted) await bootstrap.remove(location, desired.target);
    return { written: report ? 1 : 0, name, version, ...recordedChange(report ?? before, desired.scan) };
  }

  /** Returns the name for a report and the current report of that name. It is the alternative name if another writer has the usual one. */
  async #findName(desired: DesiredReport, name: string, existing: PolicyReport | undefined): Promise<NamedReport> {
    const { resource, namespace } = reportLocation(desired.target);
    if (!existing || !(await this.#isForeign(resource, existing))) return { name, existing };
    const alternative = this.#alternativeName(desired, name);
    return this.#findName(desired, alternative, await this.#writer.read(resource, { namespace, name: alternative }));
  }

  /** Whether a report belongs to another writer. Restores a report of another writer that Vigil before 0.2 wrote into. */
  async #isForeign(resource: ApiResource, report: PolicyReport): Promise<boolean> {
    if (this.#records.ownership(report) === 'foreign') return true;
    if (!isTakenOver(report)) return false;
    await this.#writer.write(resource, returnedReport(report), report);
    return true;
  }

  /** Returns the alternative name and reports the conflict. Throws {@link NamesTakenError} if another writer has that name too. */
  #alternativeName({ source, target }: DesiredReport, taken: string): string {
    const name = alternativeReportName(source, target);
    if (taken === name)
      throw new NamesTakenError(`other writers own both possible reports, ${reportName(source, target)} and ${name}; delete one of them`);
    const message = `another writer owns the report ${taken}; Vigil does not change it and writes its results to the report ${name}`;
    this.#observers.onConflict?.(target, { reason: 'NameTaken', report: name, message });
    return name;
  }

  #notify(
    desired: DesiredReport,
    { existing, report }: { readonly existing: PolicyReport | undefined; readonly report: PolicyReport },
  ): void {
    const failures = newFailures(existing, report, comparedPolicies(desired));
    if (failures.length > 0) this.#observers.onFailures?.(desired.target, failures);
    const foreign = priorReport(existing).foreign.length;
    if (foreign === 0) return;
    const { name } = report.metadata;
    const message = `Vigil removed ${foreign} results of another writer from its report ${name}; other tools must write their own reports`;
    this.#observers.onConflict?.(desired.target, { reason: 'ForeignResults', report: name, message });
  }

  /** Removes policies from the report about an object, under its usual or its alternative name. See {@link withdraw}. */
  async withdrawFrom({ source, target }: Pick<DesiredReport, 'source' | 'target'>, policies: readonly string[]): Promise<boolean> {
    const { resource, namespace } = reportLocation(target);
    for (const name of [reportName(source, target), alternativeReportName(source, target)])
      if (await this.withdraw(resource, namespace === undefined ? { name } : { name, namespace }, policies)) return true;
    return false;
  }

  /**
   * Removes policies from one report. Deletes the report if no policy remains. Calls `isWanted` for each policy after each read of the report,
   * and removes only the policies for which it returns true. Returns whether the report changed.
   */
  async withdraw(
    resource: ApiResource,
    { namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>,
    policies: readonly string[],
    isWanted: (policy: string) => boolean = () => true,
  ): Promise<boolean> {
    const location = { resource, namespace };
    for (let attempt = 1; ; attempt++) {
      const report = await this.#writer.read(resource, { namespace, name });
      if (!report || isBootstrapReport(report)) return this.#withdrawBootstrap(location, name, policies.filter(isWanted));
      if (this.#records.ownership(report) === 'foreign') return false;
      try {
        return (await this.#without(resource, report, policies.filter(isWanted))) === 1;
      } catch (error) {
        // A terminating namespace deletes its reports.
        if (isNamespaceTerminating(error)) return false;
        if (!isConflict(error) || attempt === conflictTries) throw error;
      }
    }
  }

  /** Removes policies from the entry of one object in the bootstrap report, or from all entries if `name` is the bootstrap report. */
  async #withdrawBootstrap(location: ReportLocation, name: string, policies: readonly string[]): Promise<boolean> {
    const isWhole = name === BOOTSTRAP_REPORT;
    if (!isBootstrapPlace(location.namespace) || !(isWhole || /^vigil-(cluster)?role(binding)?-/.test(name))) return false;
    const bootstrap = new BootstrapReports(this.#writer, this.#records);
    try {
      return await bootstrap.withdraw(location, policies, (key) => isWhole || entryReportName(key, location.namespace) === name);
    } catch (error) {
      if (isNamespaceTerminating(error)) return false;
      throw error;
    }
  }

  async #without(resource: ApiResource, report: PolicyReport, policies: readonly string[]): Promise<0 | 1> {
    const rest = withoutPolicies(report, policies);
    if (rest === report) return 0;
    if (rest) await this.#writer.write(resource, rest, report);
    else if (isTakenOver(report)) await this.#writer.write(resource, returnedReport(report), report);
    else await this.#writer.remove(resource, report);
    return 1;
  }
}

/** Returns the resourceVersion of a report, or the version of an entry in the bootstrap report. */
const versionOf = (report: PolicyReport | undefined): string =>
  report?.metadata.resourceVersion ?? (report ? entryVersion(entryOfReport(report)) : '');

/** Other writers own the reports under both the usual and the alternative name. */
class NamesTakenError extends Error {
  override readonly name = 'NamesTakenError';
}
