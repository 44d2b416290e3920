import { ownEntry } from '../../api/own-entry.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import { ANNOTATIONS } from '../../api/group.ts';
import type { SeverityCounts } from '../../api/kinds/policy-status.ts';
import { isExcepted } from '../../findings/waivers/apply-waivers.ts';
import { priorReport } from '../identity/prior-report.ts';
import { resultFingerprint } from '../identity/result-identity.ts';
import type { PolicyLedger } from '../identity/policy-ledger.ts';

/** The new and fixed failures between two reports about one object. */
export interface ReportChange {
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
}

/** Policies that can be compared although the two reports have different revisions of them. */
export interface ComparedPolicies {
  /** Policies whose generation has evaluated all targets before: an unchanged report is also valid for this generation. */
  readonly before: ReadonlySet<string>;
  /** Policies whose generation evaluated all targets before the object was created: without an earlier report, every failure is new. */
  readonly fromNothing: ReadonlySet<string>;
}

const nothingCompared: ComparedPolicies = { before: new Set(), fromNothing: new Set() };

/**
 * Compares two reports. Counts only policies with the same revision in both: a changed policy has no new or fixed failures. A first evaluation
 * has none either, except for objects that were created after it.
 */
export function reportChange(
  before: PolicyReport | undefined,
  after: PolicyReport | undefined,
  compared: ComparedPolicies = nothingCompared,
): ReportChange {
  return [...policyChanges(before, after, compared).values()].reduce(addChanges, noChange());
}

/** Returns the counts of {@link reportChange} by policy. Omits policies without changes. */
export function policyChanges(
  before: PolicyReport | undefined,
  after: PolicyReport | undefined,
  compared: ComparedPolicies = nothingCompared,
): ReadonlyMap<string, ReportChange> {
  const changes = new Map<string, ReportChange>();
  const add = (kind: keyof ReportChange, results: readonly ReportResult[]): void => {
    for (const { policy, severity } of results)
      if (severity !== undefined && severity !== 'info') changes.getOrInsertComputed(policy, noChange)[kind][severity]++;
  };
  add('new', newFailures(before, after, compared));
  add('fixed', fixedFailures(before, after, compared));
  return changes;
}

/** Returns the failures that are in the second report only, of policies that can be compared. */
export function newFailures(
  before: PolicyReport | undefined,
  after: PolicyReport | undefined,
  compared: ComparedPolicies = nothingCompared,
): readonly ReportResult[] {
  if (!after) return [];
  const old = failures(before, 'excepted too');
  const [earlier, now] = [ledgerOf(before), ledgerOf(after)];
  const isComparable = (policy: string): boolean =>
    !Object.hasOwn(earlier, policy) ? compared.fromNothing.has(policy) : isSameRevision(policy, [earlier, now], compared);
  return [...failures(after)].filter(([key, { policy }]) => !old.has(key) && isComparable(policy)).map(([, result]) => result);
}

/** Returns the failures that are in the first report only, of policies that can be compared. */
function fixedFailures(
  before: PolicyReport | undefined,
  after: PolicyReport | undefined,
  compared: ComparedPolicies,
): readonly ReportResult[] {
  if (!before || !after) return [];
  const now = failures(after, 'excepted too');
  const [earlier, later] = [ledgerOf(before), ledgerOf(after)];
  const isComparable = (policy: string): boolean => Object.hasOwn(later, policy) && isSameRevision(policy, [earlier, later], compared);
  return [...failures(before)].filter(([key, { policy }]) => !now.has(key) && isComparable(policy)).map(([, result]) => result);
}

const isSameRevision = (policy: string, [before, after]: readonly [PolicyLedger, PolicyLedger], compared: ComparedPolicies): boolean =>
  compared.before.has(policy) || ownEntry(before, policy)?.revision === ownEntry(after, policy)?.revision;

/** Returns the trusted counts of a report by policy. */
const ledgerOf = (report: PolicyReport | undefined): PolicyLedger => priorReport(report).ledger;

/** Returns the failures of a report by fingerprint. A failure that an exception covers is neither fixed nor, when it ends, new. */
function failures(report: PolicyReport | undefined, which: 'not excepted' | 'excepted too' = 'not excepted'): Map<string, ReportResult> {
  const failing = priorReport(report).results.filter(
    ({ result, properties }) => result === 'fail' || (which === 'excepted too' && isExcepted(properties)),
  );
  return new Map(failing.map((result) => [resultFingerprint(result), result]));
}

const order = ['critical', 'high', 'medium', 'low'] as const;
const none = (): SeverityCounts => ({ critical: 0, high: 0, medium: 0, low: 0 });
/** Returns a change without new or fixed failures. */
export const noChange = (): ReportChange => ({ new: none(), fixed: none() });

/** Returns the sum of two changes. */
export function addChanges(a: ReportChange, b: ReportChange): ReportChange {
  const sum = (x: SeverityCounts, y: SeverityCounts): SeverityCounts => ({
    critical: x.critical + y.critical,
    high: x.high + y.high,
    medium: x.medium + y.medium,
    low: x.low + y.low,
  });
  return { new: sum(a.new, b.new), fixed: sum(a.fixed, b.fixed) };
}

/** Serializes a change for an annotation: the id of the scan, then the counts from critical to low. */
export function writeChange(scan: string, change: ReportChange): string {
  return [scan, ...[change.new, change.fixed].map((counts) => numbersOf(counts).join(','))].join(' ');
}

/** Returns the change that a report has recorded for a scan. Returns no change if it has recorded another scan. */
export function recordedChange(report: PolicyReport | undefined, scan: string | undefined): ReportChange {
  const [by, ...counts] = (report?.metadata.annotations?.[ANNOTATIONS.change] ?? '').split(' ');
  if (by !== scan) return noChange();
  const [found, fixed] = counts.map((text) => severityCountsFrom(text.split(',').map(Number)));
  return { new: found ?? none(), fixed: fixed ?? none() };
}

/** Returns the counts as numbers from critical to low. */
export const numbersOf = (counts: SeverityCounts): number[] => order.map((severity) => counts[severity]);

/** Reverses {@link numbersOf}. A value that is not an integer counts as 0. */
export function severityCountsFrom(numbers: readonly number[]): SeverityCounts {
  const at = (index: number): number => (Number.isSafeInteger(numbers[index]) ? (numbers[index] ?? 0) : 0);
  return { critical: at(0), high: at(1), medium: at(2), low: at(3) };
}
