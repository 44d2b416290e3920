import { ANNOTATIONS, LABELS } from '../../api/group.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import type { Summary } from '../../api/kinds/policy-status.ts';
import { writeLedger, type PolicyLedger } from '../identity/policy-ledger.ts';
import { bySeverity } from './report-result.ts';
import { notice } from '../identity/report-notice.ts';

/** The maximum size of a report in bytes. The API server rejects requests of more than 1.5 MiB. */
export const MAXIMUM_REPORT = 1024 * 1024;

/** Sorts the results by severity and adds the summary. If the report is too large, omits the least severe results and adds a notice. */
export function bounded(report: PolicyReport, ledger: PolicyLedger): PolicyReport {
  const size = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
  const sorted = { ...report, results: (report.results ?? []).toSorted(bySeverity) };
  const whole = withLedger(sorted, ledger);
  if (size(whole) <= MAXIMUM_REPORT) return whole;
  const { results } = sorted;
  const reserve = 1000 + 8 * Object.keys(ledger).length;
  let room = MAXIMUM_REPORT - size({ ...whole, results: [] }) - reserve;
  const end = results.findIndex((result) => (room -= size(result) + 1) < 0);
  // The reserve is larger than a notice, so a report that is too large always has a result that does not fit.
  return withLedger({ ...report, results: results.slice(0, end) }, withOmitted(ledger, results.slice(end)));
}

/** Adds the ledger, the summary, and the notice about omitted results to a report. */
export function withLedger(report: PolicyReport, ledger: PolicyLedger): PolicyReport {
  const annotations = { ...report.metadata.annotations, [ANNOTATIONS.policies]: writeLedger(ledger) };
  const results = [...(report.results ?? []), ...notice(report.metadata.labels?.[LABELS.source], ledger)];
  return { ...report, metadata: { ...report.metadata, annotations }, summary: totals(ledger), results };
}

function totals(ledger: PolicyLedger): Summary {
  const sum: Summary = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
  for (const { summary } of Object.values(ledger))
    for (const verdict of Object.keys(sum) as (keyof Summary)[]) sum[verdict] += summary[verdict];
  return sum;
}

/** Adds the dropped results to the omitted results of each policy. */
function withOmitted(ledger: PolicyLedger, dropped: readonly ReportResult[]): PolicyLedger {
  const counts = new Map<string, number>();
  for (const { policy } of dropped) counts.set(policy, (counts.get(policy) ?? 0) + 1);
  const entries = Object.entries(ledger).map(([policy, entry]) => {
    const omitted = (entry.omitted ?? 0) + (counts.get(policy) ?? 0);
    return [policy, omitted > 0 ? { ...entry, omitted } : entry] as const;
  });
  return Object.fromEntries(entries);
}
