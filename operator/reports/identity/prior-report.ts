import { ANNOTATIONS, LABELS } from '../../api/group.ts';
import type { PolicyReport, ReportResult } from '../../api/policy-report.ts';
import { isLedger, readLedger, type PolicyEntry, type PolicyLedger } from './policy-ledger.ts';
import { policyOfLabel } from './report-name.ts';
import { hasIntactContent, hasIntactMetadata } from './report-digest.ts';
import { isNotice } from './report-notice.ts';
import { hasIdentity } from './result-identity.ts';

/** What of a report in the cluster is Vigil's, and can be trusted. */
export interface PriorReport {
  readonly ledger: PolicyLedger;
  /** Without the notice of what is left out, which is made anew. */
  readonly results: readonly ReportResult[];
  /** Results that Vigil did not write: they go with the next write. */
  readonly foreign: readonly ReportResult[];
  /** Whether all of it is as Vigil wrote it. */
  readonly intact: boolean;
}

/**
 * Reads a report that Vigil wrote. Where somebody has edited its results, those that Vigil did not write are set apart. Where somebody has
 * edited what it counts, that is counted anew from the results: passes that are not listed are forgotten until the next evaluation, and
 * every policy that the results or the labels name stays.
 */
export function priorReport(report: PolicyReport | undefined): PriorReport {
  if (!report) return { ledger: {}, results: [], foreign: [], intact: false };
  const known = read.get(report);
  if (known) return known;
  const prior = parseReport(report);
  read.set(report, prior);
  return prior;
}

/** A report is asked about for each of its parts, and digests of large ones take time. */
const read = new WeakMap<PolicyReport, PriorReport>();

function parseReport(report: PolicyReport): PriorReport {
  const written = trustedLedger(report);
  const listed = (report.results ?? []).filter((result) => !isNotice(result));
  const intact = hasIntactContent(report);
  if (intact === true && written) return { ledger: written, results: listed, foreign: [], intact: true };
  const isOwn = (result: ReportResult): boolean => isWritten(report, result, { written, identified: intact !== undefined });
  const [results = [], foreign = []] = [true, false].map((own) => listed.filter((result) => isOwn(result) === own));
  return { ledger: written ?? recount(report, results), results, foreign, intact: false };
}

/** What a report counts; undefined where somebody has edited that. */
function trustedLedger({ metadata }: PolicyReport): PolicyLedger | undefined {
  const text = metadata.annotations?.[ANNOTATIONS.policies] ?? '';
  return isLedger(text) && hasIntactMetadata(metadata) !== false ? readLedger(text) : undefined;
}

/** Whether Vigil wrote a result; one from before results had identities by its source and its policy. */
function isWritten(
  { scope = {}, metadata: { labels } }: PolicyReport,
  result: ReportResult,
  { written, identified }: { readonly written: PolicyLedger | undefined; readonly identified: boolean },
): boolean {
  if (identified) return hasIdentity(scope, result);
  const source = labels?.[LABELS.source] ?? result.source;
  return result.source === source && (written === undefined || written[result.policy] !== undefined);
}

/** A ledger of what the results say, with an entry for each policy that the labels name. */
function recount({ metadata: { labels = {} } }: PolicyReport, results: readonly ReportResult[]): PolicyLedger {
  const named = Object.keys(labels).flatMap((label) => policyOfLabel(label) ?? []);
  const policies = new Set([...named, ...results.map(({ policy }) => policy)]);
  const entries = [...policies].map((policy) => {
    const own = results.filter((result) => result.policy === policy);
    return [policy, countResults(own, { revision: '', passes: own.filter(({ result }) => result === 'pass').length })] as const;
  });
  return Object.fromEntries(entries);
}

/** What the results of one policy come to. Passes are counted whether they are listed or not. */
export function countResults(
  results: readonly ReportResult[],
  { revision, passes }: { readonly revision: string; readonly passes: number },
): PolicyEntry {
  const summary = { pass: passes, fail: 0, warn: 0, error: 0, skip: 0 };
  const failing = { critical: 0, high: 0, medium: 0, low: 0 };
  for (const { result = 'pass', severity = 'info' } of results) {
    if (result === 'pass') continue;
    summary[result]++;
    if (result === 'fail' && severity !== 'info') failing[severity]++;
  }
  return { revision, summary, failing };
}
