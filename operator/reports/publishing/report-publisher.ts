import { API_VERSION } from '../../api/group.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import type { SeverityCounts } from '../../api/kinds/policy-status.ts';
import { isConflict, isInvalid, isNamespaceTerminating } from '../../kube/client/kube-api-error.ts';
import { messageOf } from '../../kube/client/kube-request.ts';
import type { EvidenceInput } from '../building/evidence.ts';
import { BootstrapReports } from './bootstrap-reports.ts';
import { reportLocation } from '../building/report-location.ts';
import { buildReport, comparedPolicies, type ReportInput } from '../building/report-builder.ts';
import { newFailures, recordedChange, type ReportChange } from '../building/report-change.ts';
import { reportKey, reportName } from '../identity/report-name.ts';
import { EvidencePublisher, type DesiredEvidence } from './evidence-publisher.ts';
import { entryOfReport, entryVersion } from '../building/bootstrap-report.ts';
import { priorReport } from '../identity/prior-report.ts';
import { metadataRecords, type ReportRecords } from './report-records.ts';
import type { AppliedWaivers } from '../building/waived-results.ts';
import { noWaivers } from '../../findings/waivers/waiver-set.ts';
import { waiveReports, type ReportWaiving, type WaivingRequest } from './report-waivers.ts';
import { ReportWriter, type WriteObserver, type ReportClient, CONFLICT_TRIES } from './report-writer.ts';
import { addSeverities, emptySeverities } from '../../findings/tally.ts';
import { ReportNames, type NamedReport, NamesTakenError } from './report-names.ts';
import { ExistingReports } from './existing-reports.ts';
import { ReportWithdrawal } from './report-withdrawal.ts';

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
  /** Called with the namespace of a report in which the findings that exceptions select have changed. Undefined: cluster-scoped. */
  readonly onExceptions?: (namespace: string | undefined) => void;
}

/** The result for one report. */
type PublishedReport = ReportChange & { readonly written: 0 | 1; readonly name: string; readonly version: string };

/** The settings of a {@link ReportPublisher}. */
export interface PublisherOptions {
  /** Default: {@link metadataRecords}. */
  readonly records?: ReportRecords;
  /** Returns the exceptions in force. Default: reports are written without exceptions. */
  readonly waivers?: () => AppliedWaivers | undefined;
}

/**
 * Reads and writes all reports. Writes a report only if it differs. Never changes a report of another writer: if such a report has the name,
 * Vigil writes its report under an alternative name.
 */
export class ReportPublisher {
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;
  readonly #observers: PublishObservers;
  readonly #evidence: EvidencePublisher;
  readonly #client: ReportClient;
  readonly #existing: ExistingReports<DesiredReport>;
  readonly #names: ReportNames;
  readonly #withdrawal: ReportWithdrawal;
  readonly #waivers: () => AppliedWaivers | undefined;

  constructor(
    client: ReportClient,
    observers: PublishObservers = {},
    { records = metadataRecords, waivers = (): undefined => undefined }: PublisherOptions = {},
  ) {
    this.#client = client;
    this.#records = records;
    this.#observers = observers;
    this.#waivers = waivers;
    this.#writer = new ReportWriter({ client, records, onWrite: (operation) => observers.onWrite?.(operation) });
    this.#existing = new ExistingReports(client, this.#writer);
    this.#withdrawal = new ReportWithdrawal(this.#writer, records);
    this.#names = new ReportNames(this.#writer, records, (target, taken) =>
      observers.onConflict?.(target, { reason: 'NameTaken', ...taken }),
    );
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
      await this.#existing.publish(group, publishOne);
    await bootstrap.flush((some, error) => {
      for (const desired of some) refused.push({ desired, message: messageOf(error) });
    });
    return { ...total, versions, refused };
  }

  /** Applies the exceptions in force to the reports of a namespace. See {@link waiveReports}. */
  applyWaivers(
    request: WaivingRequest,
    { labelsOf, onIncomplete }: Pick<ReportWaiving, 'labelsOf' | 'onIncomplete'>,
  ): ReturnType<typeof waiveReports> {
    const waivers = (): AppliedWaivers => this.#waivers() ?? { set: noWaivers, now: Date.now() };
    return waiveReports({ client: this.#client, writer: this.#writer, records: this.#records, waivers, labelsOf, onIncomplete }, request);
  }

  /** Updates one evidence report of a policy. See {@link EvidencePublisher.update}. */
  updateEvidence(...[policy, framework, change]: Parameters<EvidencePublisher['update']>): ReturnType<EvidencePublisher['update']> {
    return this.#evidence.update(policy, framework, change);
  }

  /** Updates the evidence reports of one policy. See {@link EvidencePublisher.publish}. */
  publishEvidence(policy: EvidenceInput['policy'], desiredReports: readonly DesiredEvidence[]): Promise<void> {
    return this.#evidence.publish(policy, desiredReports);
  }

  async #publishOne(
    desired: DesiredReport,
    known: PolicyReport | undefined,
    bootstrap: BootstrapReports<DesiredReport>,
  ): Promise<PublishedReport> {
    const location = reportLocation(desired.target);
    const prior = await bootstrap.prior(location, desired.target);
    let at = await this.#names.find(desired, known?.metadata.name ?? reportName(desired.source, desired.target), known);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#publishAt(desired, at, { prior, bootstrap });
      } catch (error) {
        if (!isConflict(error) || attempt === CONFLICT_TRIES) throw error;
        at = await this.#names.find(
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
    const report = buildReport({ ...desired, existing: before, name, waivers: this.#waivers() });
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

  #notify(
    desired: DesiredReport,
    { existing, report }: { readonly existing: PolicyReport | undefined; readonly report: PolicyReport },
  ): void {
    if (exceptionsOf(existing) !== exceptionsOf(report)) this.#observers.onExceptions?.(report.metadata.namespace);
    const failures = newFailures(existing, report, comparedPolicies(desired));
    if (failures.length > 0) this.#observers.onFailures?.(desired.target, failures);
    const foreign = priorReport(existing).foreign.length;
    if (foreign === 0) return;
    const { name } = report.metadata;
    const message = `Vigil removed ${foreign} results of another writer from its report ${name}; other tools must write their own reports`;
    this.#observers.onConflict?.(desired.target, { reason: 'ForeignResults', report: name, message });
  }

  /** See {@link ReportWithdrawal.withdrawFrom}. */
  withdrawFrom(...args: Parameters<ReportWithdrawal['withdrawFrom']>): Promise<boolean> {
    return this.#withdrawal.withdrawFrom(...args);
  }

  /** See {@link ReportWithdrawal.withdraw}. */
  withdraw(...args: Parameters<ReportWithdrawal['withdraw']>): Promise<boolean> {
    return this.#withdrawal.withdraw(...args);
  }
}

/** Returns the counts of exceptions in a report, as a text that can be compared. */
const exceptionsOf = (report: PolicyReport | undefined): string =>
  JSON.stringify(
    Object.entries(priorReport(report).ledger).flatMap(([policy, { exceptions }]) => (exceptions ? [[policy, exceptions]] : [])),
  );

/** Returns the resourceVersion of a report, or the version of an entry in the bootstrap report. */
const versionOf = (report: PolicyReport | undefined): string =>
  report?.metadata.resourceVersion ?? (report ? entryVersion(entryOfReport(report)) : '');
