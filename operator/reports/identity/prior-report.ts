import { ANNOTATIONS, LABELS } from '../../api/group.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import { isLedger, readLedger, type PolicyEntry, type PolicyLedger } from './policy-ledger.ts';
import { policyOfLabel } from './report-name.ts';
import { hasIntactContent, hasIntactMetadata } from './report-digest.ts';
import { exceptionIds, isExcepted } from '../../findings/waivers/apply-waivers.ts';
import { isNotice } from './report-notice.ts';
import { hasIdentity } from './result-identity.ts';

/** The trusted content of a report in the cluster: the part that Vigil wrote. */
export interface PriorReport {
  readonly ledger: PolicyLedger;
  /** The results that Vigil wrote, without the notice of omitted results. */
  readonly results: readonly ReportResult[];
  /** Results of other writers. The next write removes them. */
  readonly foreign: readonly ReportResult[];
  /** Whether the report has not changed since Vigil wrote it. */
  readonly intact: boolean;
}

/**
 * Reads a report that Vigil wrote. If another writer changed its results, separates the results that Vigil did not write. If another writer
 * changed its counts, counts the results again: passes without a result are lost until the next evaluation, and every policy in the results
 * or the labels keeps an entry.
 */
export function priorReport(report: PolicyReport | undefined): PriorReport {
  if (!report) return { ledger: {}, results: [], foreign: [], intact: false };
  const known = cache.get(report);
  if (known) return known;
  const prior = parseReport(report);
  cache.set(report, prior);
  return prior;
}

/** Several callers read each report, and computing the digest of a large report takes time. */
const cache = new WeakMap<PolicyReport, PriorReport>();

function parseReport(report: PolicyReport): PriorReport {
  const written = trustedLedger(report);
  const listed = (report.results ?? []).filter((result) => !isNotice(result));
  const intact = hasIntactContent(report);
  if (intact === true && written) return { ledger: written, results: listed, foreign: [], intact: true };
  const isOwn = (result: ReportResult): boolean => isWritten(report, result, { written, identified: intact !== undefined });
  const [results = [], foreign = []] = [true, false].map((own) => listed.filter((result) => isOwn(result) === own));
  return { ledger: written ?? recount(report, results), results, foreign, intact: false };
}

/** Returns the counts of a report, or undefined if another writer changed them. */
function trustedLedger({ metadata }: PolicyReport): PolicyLedger | undefined {
  const text = metadata.annotations?.[ANNOTATIONS.policies] ?? '';
  return isLedger(text) && hasIntactMetadata(metadata) !== false ? readLedger(text) : undefined;
}

/** Whether Vigil wrote a result. Results of older versions have no identity and are recognized by source and policy. */
function isWritten(
  { scope = {}, metadata: { labels } }: PolicyReport,
  result: ReportResult,
  { written, identified }: { readonly written: PolicyLedger | undefined; readonly identified: boolean },
): boolean {
  if (identified) return hasIdentity(scope, result);
  const source = labels?.[LABELS.source] ?? result.source;
  return result.source === source && (written === undefined || written[result.policy] !== undefined);
}

/** Computes a ledger from the results, with an entry for each policy in the labels. */
function recount({ metadata: { labels = {} } }: PolicyReport, results: readonly ReportResult[]): PolicyLedger {
  const named = Object.keys(labels).flatMap((label) => policyOfLabel(label) ?? []);
  const policies = new Set([...named, ...results.map(({ policy }) => policy)]);
  const entries = [...policies].map((policy) => {
    const own = results.filter((result) => result.policy === policy);
    return [policy, countResults(own, { revision: '', passes: own.filter(({ result }) => result === 'pass').length })] as const;
  });
  return Object.fromEntries(entries);
}

/** Returns the counts of one policy's results. `passes` includes passes without a result. */
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
  return { revision, summary, failing, ...exceptionsIn(results) };
}

/** Returns the counts of exceptions in results. Empty if no exception selects a result. */
export function exceptionsIn(results: readonly ReportResult[]): Pick<PolicyEntry, 'excepted' | 'exceptions'> {
  const excepted = { critical: 0, high: 0, medium: 0, low: 0 };
  const counts = new Map<string, readonly [number, number]>();
  const add = (id: string, [matched, refused]: readonly [number, number]): void => {
    const before = counts.get(id) ?? [0, 0];
    counts.set(id, [before[0] + matched, before[1] + refused]);
  };
  for (const { severity = 'info', properties } of results) {
    if (isExcepted(properties) && severity !== 'info') excepted[severity]++;
    const { matched, refused } = exceptionIds(properties);
    for (const id of matched) add(id, [1, 0]);
    for (const id of refused) add(id, [0, 1]);
  }
  return counts.size === 0 ? {} : { excepted, exceptions: Object.fromEntries(counts) };
}
