import type { ApiResource } from '../../api/api-resource.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../api/policy-report.ts';
import type { SeverityCounts } from '../../api/security-policy.ts';
import { isConflict, isInvalid, isNamespaceTerminating } from '../../kube/kube-api-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { messageOf } from '../../kube/kube-request.ts';
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
import { ReportWriter, type WriteObserver } from './report-writer.ts';
import { isTakenOver, returnedReport } from './returned-report.ts';
import { addSeverities, emptySeverities } from '../../findings/tally.ts';

/** A report to bring up to date. */
export type DesiredReport = Omit<ReportInput, 'existing' | 'name'>;

/** What publishing did. */
export interface PublishResult {
  /** Reports that were written; an unchanged one is not. */
  readonly written: number;
  readonly unchanged: number;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
  /** The version of each report that now says what was wished, as `reportKey` names them. */
  readonly versions: ReadonlyMap<string, string>;
  /** Reports that the server refuses as they are, and why: another try cannot help. */
  readonly refused: readonly { readonly desired: DesiredReport; readonly message: string }[];
}

/** Told of failures that a report did not have before it was written. */
export type FindingObserver = (target: DesiredReport['target'], failures: readonly ReportResult[]) => void;

/** What somebody else has done to a report of Vigil's, or under its name. */
export interface ReportConflict {
  /** `NameTaken`: another's report has the name, Vigil's lies beside it. `ForeignResults`: results of others were removed from Vigil's. */
  readonly reason: 'NameTaken' | 'ForeignResults';
  /** The report of Vigil's. */
  readonly report: string;
  readonly message: string;
}

/** Who is told of what is published. */
export interface PublishObservers {
  readonly onWrite?: WriteObserver;
  readonly onFailures?: FindingObserver;
  /** Called with the policies of the reports after each call of `publish`, whether it failed or not. A policy may have been deleted meanwhile. */
  readonly onPublished?: (policies: ReadonlySet<string>) => void;
  readonly onConflict?: (target: DesiredReport['target'], conflict: ReportConflict) => void;
}

const conflictTries = 4;
/** So many reports are read one by one. */
const few = 3;
/** The name of a report, and the report that has it. */
interface Place {
  readonly name: string;
  readonly existing: PolicyReport | undefined;
}

/** A report that was brought up to date. */
type PublishedReport = ReportChange & { readonly written: 0 | 1; readonly name: string; readonly version: string };

/** Writes what is wished over what is there. */
type PublishOne = (desired: DesiredReport, existing: PolicyReport | undefined) => Promise<void>;

/** Reports a page of a list: few, since some are long. */
const pageSize = 50;
/** A list is read on while one in so many is a wanted report. */
const readAhead = 3;
/** So many reports are read before that is asked. */
const grace = 100;
/** Reports that are written at the same time. */
const writers = 8;

/**
 * The only writer of reports: reads what is there, writes only what differs, and touches no report that Vigil did not write: where such a one has
 * the name, Vigil's lies beside it under another.
 */
export class ReportPublisher {
  readonly #client: KubeClient;
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;
  readonly #observers: PublishObservers;
  readonly #evidence: EvidencePublisher;

  constructor(client: KubeClient, observers: PublishObservers = {}, records: ReportRecords = metadataRecords) {
    this.#client = client;
    this.#records = records;
    this.#observers = observers;
    this.#writer = new ReportWriter({ client, records, onWrite: (operation) => observers.onWrite?.(operation) });
    this.#evidence = new EvidencePublisher(client, this.#writer, records);
  }

  /**
   * Brings the reports about these objects up to date. Throws on the first that cannot be written for now; a repetition goes on
   * from there and counts the same. What lies in a namespace that is going, goes with it.
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
    const bringUp = async (desired: DesiredReport, existing: PolicyReport | undefined): Promise<void> => {
      try {
        const outcome = await this.#bringUp(desired, existing, bootstrap);
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
      await this.#publishInto(group, bringUp);
    await bootstrap.flush((some, error) => {
      for (const desired of some) refused.push({ desired, message: messageOf(error) });
    });
    return { ...total, versions, refused };
  }

  /** Brings the evidence of one policy up to date: a report a framework, and none of frameworks that it asks for no more. */
  publishEvidence(policy: EvidenceInput['policy'], desiredReports: readonly DesiredEvidence[]): Promise<void> {
    return this.#evidence.publish(policy, desiredReports);
  }

  /**
   * Brings up reports that lie in one place, each with what is there of it: by a list where most of that is wanted, of which one
   * page at a time is held, else one by one.
   */
  async #publishInto(group: readonly DesiredReport[], bringUp: PublishOne): Promise<void> {
    const wanted = Map.groupBy(group, ({ source, target }) => reportName(source, target));
    const others = new Map(group.map(({ source, target }) => [alternativeReportName(source, target), reportName(source, target)]));
    const take = async (name: string, report: PolicyReport | undefined): Promise<void> => {
      const desiredReports = wanted.get(name) ?? [];
      wanted.delete(name);
      for (const desired of desiredReports) await bringUp(desired, report);
    };
    const whole = wanted.size > few && (await this.#takeListed(group, { wanted, others }, take));
    await concurrently([...wanted.keys()], writers, async (name) => take(name, whole ? undefined : await this.#readAt(group, name)));
  }

  /** Takes the reports that are wanted out of a list, read on while it holds enough of them. Returns whether the list was read to its end. */
  async #takeListed(
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

  /** The report of one of these, by its name; where there is none, by the name that it has beside another's. */
  async #readAt(group: readonly DesiredReport[], name: string): Promise<PolicyReport | undefined> {
    const desired = group.find(({ source, target }) => reportName(source, target) === name) as DesiredReport;
    const { resource, namespace } = reportLocation(desired.target);
    for (const each of [name, alternativeReportName(desired.source, desired.target)]) {
      const report = await this.#writer.read(resource, { namespace, name: each });
      if (report) return report;
    }
    return undefined;
  }

  async #bringUp(
    desired: DesiredReport,
    known: PolicyReport | undefined,
    bootstrap: BootstrapReports<DesiredReport>,
  ): Promise<PublishedReport> {
    const home = reportLocation(desired.target);
    const prior = await bootstrap.prior(home, desired.target);
    let at = await this.#placeFor(desired, known?.metadata.name ?? reportName(desired.source, desired.target), known);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#bringUpAt(desired, at, { prior, bootstrap });
      } catch (error) {
        if (!isConflict(error) || attempt === conflictTries) throw error;
        at = await this.#placeFor(desired, at.name, await this.#writer.read(home.resource, { namespace: home.namespace, name: at.name }));
      }
    }
  }

  /** `prior`: what is counted of the object without a report of its own. */
  async #bringUpAt(
    desired: DesiredReport,
    { name, existing }: Place,
    { prior, bootstrap }: { readonly prior: PolicyReport | undefined; readonly bootstrap: BootstrapReports<DesiredReport> },
  ): Promise<PublishedReport> {
    const home = reportLocation(desired.target);
    const before = existing ?? prior;
    const report = buildReport({ ...desired, existing: before, name });
    const wanted = report ?? existing;
    const taken = wanted && (await bootstrap.aggregate(home, desired, { report: wanted, existing }));
    if (taken) return { written: taken.isNews ? 1 : 0, name, version: taken.version, ...recordedChange(wanted, desired.scan) };
    let version = versionOf(before);
    if (report) {
      version = await this.#writer.write(home.resource, report, existing);
      this.#tell(desired, { existing: before, report });
    }
    // It has a report of its own now.
    if (wanted) await bootstrap.remove(home, desired.target);
    return { written: report ? 1 : 0, name, version, ...recordedChange(report ?? before, desired.scan) };
  }

  /** The name that a report is written under, and what is there: beside the usual one where that is another's. */
  async #placeFor(desired: DesiredReport, name: string, existing: PolicyReport | undefined): Promise<Place> {
    const { resource, namespace } = reportLocation(desired.target);
    if (!existing || !(await this.#isAnothers(resource, existing))) return { name, existing };
    const beside = this.#besides(desired, name);
    return this.#placeFor(desired, beside, await this.#writer.read(resource, { namespace, name: beside }));
  }

  /** Whether a report is another's; one that Vigil before 0.2 took over is given back. */
  async #isAnothers(resource: ApiResource, report: PolicyReport): Promise<boolean> {
    if (this.#records.ownership(report) === 'foreign') return true;
    if (!isTakenOver(report)) return false;
    await this.#writer.write(resource, returnedReport(report), report);
    return true;
  }

  /** The name beside another's report. Throws when that is another's, too. */
  #besides({ source, target }: DesiredReport, taken: string): string {
    const name = alternativeReportName(source, target);
    if (taken === name) throw new NamesTakenError(`the reports ${reportName(source, target)} and ${name} are not Vigil's`);
    const message = `the report ${taken} is not Vigil's and stays as it is: what Vigil found is in ${name}`;
    this.#observers.onConflict?.(target, { reason: 'NameTaken', report: name, message });
    return name;
  }

  #tell(
    desired: DesiredReport,
    { existing, report }: { readonly existing: PolicyReport | undefined; readonly report: PolicyReport },
  ): void {
    const failures = newFailures(existing, report, comparedPolicies(desired));
    if (failures.length > 0) this.#observers.onFailures?.(desired.target, failures);
    const foreign = priorReport(existing).foreign.length;
    if (foreign === 0) return;
    const { name } = report.metadata;
    const message = `${foreign} results that Vigil did not write were removed from its report ${name}: another tool needs a report of its own`;
    this.#observers.onConflict?.(desired.target, { reason: 'ForeignResults', report: name, message });
  }

  /** As {@link withdraw}, of the report about an object, whichever of its names that has. */
  async withdrawFrom({ source, target }: Pick<DesiredReport, 'source' | 'target'>, policies: readonly string[]): Promise<boolean> {
    const { resource, namespace } = reportLocation(target);
    for (const name of [reportName(source, target), alternativeReportName(source, target)])
      if (await this.withdraw(resource, namespace === undefined ? { name } : { name, namespace }, policies)) return true;
    return false;
  }

  /**
   * Takes policies out of one report, and removes it when it holds nothing else. `isWanted` is asked for each policy whenever the
   * report was read: what it says last counts. Returns whether that changed anything.
   */
  async withdraw(
    resource: ApiResource,
    { namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>,
    policies: readonly string[],
    isWanted: (policy: string) => boolean = () => true,
  ): Promise<boolean> {
    const home = { resource, namespace };
    for (let attempt = 1; ; attempt++) {
      const report = await this.#writer.read(resource, { namespace, name });
      if (!report || isBootstrapReport(report)) return this.#withdrawBootstrap(home, name, policies.filter(isWanted));
      if (this.#records.ownership(report) === 'foreign') return false;
      try {
        return (await this.#without(resource, report, policies.filter(isWanted))) === 1;
      } catch (error) {
        // What lies in a namespace that is going, goes with it.
        if (isNamespaceTerminating(error)) return false;
        if (!isConflict(error) || attempt === conflictTries) throw error;
      }
    }
  }

  /** As {@link withdraw}, of an object without a report of its own; of all of them by the name of the report that counts them. */
  async #withdrawBootstrap(home: ReportLocation, name: string, policies: readonly string[]): Promise<boolean> {
    const isWhole = name === BOOTSTRAP_REPORT;
    if (!isBootstrapPlace(home.namespace) || !(isWhole || /^vigil-(cluster)?role(binding)?-/.test(name))) return false;
    const bootstrap = new BootstrapReports(this.#writer, this.#records);
    try {
      return await bootstrap.withdraw(home, policies, (key) => isWhole || entryReportName(key, home.namespace) === name);
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

/** The version of a report; of what is counted without one, what stands for it. */
const versionOf = (report: PolicyReport | undefined): string =>
  report?.metadata.resourceVersion ?? (report ? entryVersion(entryOfReport(report)) : '');

/** Both names that the report about an object may have are another's. */
class NamesTakenError extends Error {
  override readonly name = 'NamesTakenError';
}
