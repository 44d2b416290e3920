import type { ApiResource } from '../../api/api-resource.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { reportLocation } from '../building/report-location.ts';
import type { ReportInput } from '../building/report-builder.ts';
import { alternativeReportName, reportName } from '../identity/report-name.ts';
import type { ReportRecords } from './report-records.ts';
import type { ReportWriter } from './report-writer.ts';
import { isTakenOver, returnedReport } from './returned-report.ts';

/** A name for a report, and the current report of that name. */
export interface NamedReport {
  readonly name: string;
  readonly existing: PolicyReport | undefined;
}

/** The object that a report is about, and the source of its results. */
export type NamedTarget = Pick<ReportInput, 'source' | 'target'>;

/** Called when another writer has the usual name of a report. */
export type NameTakenObserver = (target: ReportInput['target'], taken: { readonly report: string; readonly message: string }) => void;

/** Chooses the names of reports. */
export class ReportNames {
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;
  readonly #onTaken: NameTakenObserver;

  constructor(writer: ReportWriter, records: ReportRecords, onTaken: NameTakenObserver) {
    this.#writer = writer;
    this.#records = records;
    this.#onTaken = onTaken;
  }

  /** Returns the name for a report and the current report of that name. It is the alternative name if another writer has the usual one. */
  async find(desired: NamedTarget, name: string, existing: PolicyReport | undefined): Promise<NamedReport> {
    const { resource, namespace } = reportLocation(desired.target);
    if (!existing || !(await this.#isForeign(resource, existing))) return { name, existing };
    const alternative = this.#alternativeName(desired, name);
    return this.find(desired, alternative, await this.#writer.read(resource, { namespace, name: alternative }));
  }

  /** Whether a report belongs to another writer. Restores a report of another writer that Vigil before 0.2 wrote into. */
  async #isForeign(resource: ApiResource, report: PolicyReport): Promise<boolean> {
    if (this.#records.ownership(report) === 'foreign') return true;
    if (!isTakenOver(report)) return false;
    await this.#writer.write(resource, returnedReport(report), report);
    return true;
  }

  /** Returns the alternative name and reports the conflict. Throws {@link NamesTakenError} if another writer has that name too. */
  #alternativeName({ source, target }: NamedTarget, taken: string): string {
    const name = alternativeReportName(source, target);
    if (taken === name)
      throw new NamesTakenError(`other writers own both possible reports, ${reportName(source, target)} and ${name}; delete one of them`);
    const message = `another writer owns the report ${taken}; Vigil does not change it and writes its results to the report ${name}`;
    this.#onTaken(target, { report: name, message });
    return name;
  }
}

/** Other writers own the reports under both the usual and the alternative name. */
export class NamesTakenError extends Error {
  override readonly name = 'NamesTakenError';
}
