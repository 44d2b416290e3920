import { RESOURCES } from '../../api/api-resource.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import { policyLabel, reportSelector, SOURCE } from '../identity/report-name.ts';
import { ownershipOf } from '../identity/report-ownership.ts';

/** Reports per page. Reports with results are large. */
const pageSize = 100;

/**
 * Returns the number of failures of each check of a policy in all its reports, failures of earlier scans included. It reads every report
 * of the policy, so it is only for scans that missed targets. Throws the errors of the API server.
 */
export async function failuresInReports(client: ListClient, policy: string, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const failures = new Map<string, number>();
  const options = { labelSelector: `${reportSelector(SOURCE)},${policyLabel(policy)}`, limit: pageSize, signal };
  for (const resource of [RESOURCES.reports, RESOURCES.clusterReports]) {
    for await (const { items } of listPages<PolicyReport>(client, resource, options)) {
      const failed = items.filter((report) => ownershipOf(report) !== 'foreign').flatMap((report) => failedChecks(report, policy));
      for (const check of failed) failures.set(check, (failures.get(check) ?? 0) + 1);
    }
  }
  return failures;
}

/** Returns the checks of a policy that fail in a report, one entry for each failure. */
const failedChecks = ({ results = [] }: PolicyReport, policy: string): string[] =>
  results.flatMap(({ policy: of, rule, result }) => (of === policy && result === 'fail' && rule !== undefined ? [rule] : []));
