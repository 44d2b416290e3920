import type { ApiResource } from '../../api/api-resource.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { isConflict, isNamespaceTerminating } from '../../kube/client/kube-api-error.ts';
import { BootstrapReports } from './bootstrap-reports.ts';
import { reportLocation, type ReportLocation } from '../building/report-location.ts';
import { withoutPolicies, type ReportInput } from '../building/report-builder.ts';
import { alternativeReportName, reportName } from '../identity/report-name.ts';
import { BOOTSTRAP_REPORT, entryReportName, isBootstrapPlace, isBootstrapReport } from '../building/bootstrap-report.ts';
import type { ReportRecords } from './report-records.ts';
import type { ReportWriter } from './report-writer.ts';
import { CONFLICT_TRIES } from './report-writer.ts';
import { isTakenOver, returnedReport } from './returned-report.ts';

/** Removes the results of policies from reports. */
export class ReportWithdrawal {
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;

  constructor(writer: ReportWriter, records: ReportRecords) {
    this.#writer = writer;
    this.#records = records;
  }

  /** Removes policies from the report about an object, under its usual or its alternative name. See {@link ReportWithdrawal.withdraw}. */
  async withdrawFrom({ source, target }: Pick<ReportInput, 'source' | 'target'>, policies: readonly string[]): Promise<boolean> {
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
        if (!isConflict(error) || attempt === CONFLICT_TRIES) throw error;
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
