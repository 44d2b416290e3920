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
  return [...policyChanges(before, after).values()].reduce(addChanges, noChange());
}

/** By policy, what {@link reportChange} counts of it; none of a policy of which nothing came or went. */
export function policyChanges(before: PolicyReport | undefined, after: PolicyReport | undefined): ReadonlyMap<string, ReportChange> {
  const changes = new Map<string, ReportChange>();
  const add = (kind: keyof ReportChange, results: readonly ReportResult[]): void => {
    for (const { policy, severity } of results)
      if (severity !== undefined && severity !== 'info') changes.getOrInsertComputed(policy, noChange)[kind][severity]++;
  };
  add('new', newFailures(before, after));
  add('fixed', newFailures(after, before));
  return changes;
}

/** The failures of a report that were not in the one before it, of policies whose generation both hold. */
export function newFailures(before: PolicyReport | undefined, after: PolicyReport | undefined): readonly ReportResult[] {
  if (!before || !after) return [];
  const old = failures(before);
  const [ledger, earlier] = [after, before].map((report) => readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]));
  const comparable = (policy: string): boolean =>
    earlier?.[policy] !== undefined && earlier[policy].generation === ledger?.[policy]?.generation;
  return [...failures(after)].filter(([key, { policy }]) => !old.has(key) && comparable(policy)).map(([, result]) => result);
}

function failures({ results = [] }: PolicyReport): Map<string, ReportResult> {
  const failing = results.filter(({ result }) => result === 'fail');
  return new Map(failing.map((result) => [findingKey(result), result]));
}

/** One rule may fail for several packages of several containers; that it fails for another pod is nothing new. */
const findingKey = ({ policy, rule, properties }: ReportResult): string =>
  [policy, rule, ...['container', 'package', 'file'].map((name) => properties?.[name])].join('\0');

const order = ['critical', 'high', 'medium', 'low'] as const;
const none = (): SeverityCounts => ({ critical: 0, high: 0, medium: 0, low: 0 });
/** Nothing came, and nothing went. */
export const noChange = (): ReportChange => ({ new: none(), fixed: none() });

/** The sum of two changes. */
export function addChanges(a: ReportChange, b: ReportChange): ReportChange {
  const sum = (x: SeverityCounts, y: SeverityCounts): SeverityCounts => ({
    critical: x.critical + y.critical,
    high: x.high + y.high,
    medium: x.medium + y.medium,
    low: x.low + y.low,
  });
  return { new: sum(a.new, b.new), fixed: sum(a.fixed, b.fixed) };
}

/** A change as the text of an annotation: the scan, then the counts from critical to low. */
export function writeChange(scan: string, change: ReportChange): string {
  return [scan, ...[change.new, change.fixed].map((counts) => numbersOf(counts).join(','))].join(' ');
}

/** What a scan has changed in a report already, by the report's own note; nothing when its note is another scan's. */
export function changeOf(report: PolicyReport | undefined, scan: string | undefined): ReportChange {
  const [by, ...counts] = (report?.metadata.annotations?.[ANNOTATIONS.change] ?? '').split(' ');
  if (by !== scan) return noChange();
  const [found, fixed] = counts.map((text) => countsOf(text.split(',').map(Number)));
  return { new: found ?? none(), fixed: fixed ?? none() };
}

/** Counts as numbers from critical to low. */
export const numbersOf = (counts: SeverityCounts): number[] => order.map((severity) => counts[severity]);

/** Counts out of {@link numbersOf}; what is no whole number counts as none. */
export function countsOf(numbers: readonly number[]): SeverityCounts {
  const at = (index: number): number => (Number.isSafeInteger(numbers[index]) ? (numbers[index] ?? 0) : 0);
  return { critical: at(0), high: at(1), medium: at(2), low: at(3) };
}
