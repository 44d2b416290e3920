import type { PolicyReport, ReportResult } from '../api/policy-report.ts';
import { ANNOTATIONS } from '../api/group.ts';
import type { SeverityCounts } from '../api/security-policy.ts';
import { readLedger } from './policy-ledger.ts';

/** Failures that came and went between two reports about one object. */
export interface ReportChange {
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
}

/**
 * Compares two reports, policy by policy, where both hold the same generation of it: a changed policy makes nothing new or
 * fixed. Without an earlier report, or a later one, nothing is either.
 */
export function reportChange(before: PolicyReport | undefined, after: PolicyReport | undefined): ReportChange {
  const change = { new: { critical: 0, high: 0, medium: 0, low: 0 }, fixed: { critical: 0, high: 0, medium: 0, low: 0 } };
  if (!before || !after) return change;
  const [old, now] = [failures(before), failures(after)];
  const generations = [before, after].map((report) => readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]));
  const comparable = (policy: string): boolean =>
    generations[0]?.[policy] !== undefined && generations[0][policy].generation === generations[1]?.[policy]?.generation;
  for (const [key, result] of now) if (!old.has(key) && comparable(result.policy)) count(change.new, result);
  for (const [key, result] of old) if (!now.has(key) && comparable(result.policy)) count(change.fixed, result);
  return change;
}

function failures({ results = [] }: PolicyReport): Map<string, ReportResult> {
  const failing = results.filter(({ result }) => result === 'fail');
  return new Map(failing.map((result) => [[result.policy, result.rule, result.properties?.['pod']].join('\0'), result]));
}

function count(counts: SeverityCounts, { severity }: ReportResult): void {
  if (severity !== undefined && severity !== 'info') counts[severity]++;
}
