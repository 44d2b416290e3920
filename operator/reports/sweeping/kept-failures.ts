import { ownEntry } from '../../api/own-entry.ts';
import { RESOURCES } from '../../api/api-resource.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import { policyLabel, reportSelector, SOURCE } from '../identity/report-name.ts';
import { isExcepted } from '../../findings/waivers/apply-waivers.ts';
import { priorReport } from '../identity/prior-report.ts';
import { ownershipOf } from '../identity/report-ownership.ts';

/** Reports per page. Reports with results are large. */
const pageSize = 100;

/** The failures of a policy in its reports, by check. */
export interface FailuresInReports {
  /** Failures that no exception covers. */
  readonly failing: ReadonlyMap<string, number>;
  /** Failures that an exception covers. */
  readonly excepted: ReadonlyMap<string, number>;
  /** Whether a report does not list all its results. */
  readonly isIncomplete: boolean;
}

/**
 * Returns the number of failures of each check of a policy in all its reports, failures of earlier scans included. It reads every report
 * of the policy, so it is only for scans that missed targets, and for policies with exceptions. Throws the errors of the API server.
 */
export async function failuresInReports(client: ListClient, policy: string, signal: AbortSignal): Promise<FailuresInReports> {
  const found = { failing: new Map<string, number>(), excepted: new Map<string, number>(), isIncomplete: false };
  const options = { labelSelector: `${reportSelector(SOURCE)},${policyLabel(policy)}`, limit: pageSize, signal };
  for (const resource of [RESOURCES.reports, RESOURCES.clusterReports]) {
    for await (const { items } of listPages<PolicyReport>(client, resource, options)) {
      for (const report of items.filter((each) => ownershipOf(each) !== 'foreign')) {
        found.isIncomplete ||= (ownEntry(priorReport(report).ledger, policy)?.omitted ?? 0) > 0;
        countChecks(report, policy, found);
      }
    }
  }
  return found;
}

/** Adds the failing and the excepted checks of a policy in a report. */
function countChecks(
  { results = [] }: PolicyReport,
  policy: string,
  { failing, excepted }: { readonly failing: Map<string, number>; readonly excepted: Map<string, number> },
): void {
  const own = results.filter((result) => result.policy === policy);
  const add = (counts: Map<string, number>, some: readonly ReportResult[]): void => {
    for (const { rule = '' } of some) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  };
  add(
    failing,
    own.filter(({ result }) => result === 'fail'),
  );
  add(
    excepted,
    own.filter(({ properties }) => isExcepted(properties)),
  );
}
