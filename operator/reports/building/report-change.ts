import type { PolicyReport, ReportResult } from '../../api/policy-report.ts';
import { ANNOTATIONS } from '../../api/group.ts';
import type { SeverityCounts } from '../../api/security-policy.ts';
import { priorReport } from '../identity/prior-report.ts';
import { resultFingerprint } from '../identity/result-identity.ts';
import type { PolicyLedger } from '../identity/policy-ledger.ts';

/** Failures that came and went between two reports about one object. */
export interface ReportChange {
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
}

/** Policies that can be compared although the reports do not say that the same generation of them made both. */
export interface ComparedPolicies {
  /** Those whose generation has evaluated all targets before: an unchanged report says what it would have said. */
  readonly before: ReadonlySet<string>;
  /** Those whose generation has evaluated all targets before there was the object: without an earlier report, all that fails is new. */
  readonly fromNothing: ReadonlySet<string>;
}

const nothingCompared: ComparedPolicies = { before: new Set(), fromNothing: new Set() };

/**
 * Compares two reports, policy by policy, where the same revision of it made both: a changed policy makes nothing new or
 * fixed, and neither does a first evaluation, but for objects that were made after it.
 */
export function reportChange(
  before: PolicyReport | undefined,
  after: PolicyReport | undefined,
  compared: ComparedPolicies = nothingCompared,
): ReportChange {
  return [...policyChanges(before, after, compared).values()].reduce(addChanges, noChange());
}

/** By policy, what {@link reportChange} counts of it; none of a policy of which nothing came or went. */
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

/** The failures of a report that were not in the one before it, of policies that can be compared. */
export function newFailures(
  before: PolicyReport | undefined,
  after: PolicyReport | undefined,
  compared: ComparedPolicies = nothingCompared,
): readonly ReportResult[] {
  if (!after) return [];
  const old = failures(before);
  const [earlier, now] = [ledgerOf(before), ledgerOf(after)];
  const isComparable = (policy: string): boolean =>
    earlier[policy] === undefined ? compared.fromNothing.has(policy) : isSameRevision(policy, [earlier, now], compared);
  return [...failures(after)].filter(([key, { policy }]) => !old.has(key) && isComparable(policy)).map(([, result]) => result);
}

/** The failures of a report that are not in the one after it, of policies that can be compared. */
function fixedFailures(
  before: PolicyReport | undefined,
  after: PolicyReport | undefined,
  compared: ComparedPolicies,
): readonly ReportResult[] {
  if (!before || !after) return [];
  const now = failures(after);
  const [earlier, later] = [ledgerOf(before), ledgerOf(after)];
  const isComparable = (policy: string): boolean => later[policy] !== undefined && isSameRevision(policy, [earlier, later], compared);
  return [...failures(before)].filter(([key, { policy }]) => !now.has(key) && isComparable(policy)).map(([, result]) => result);
}

const isSameRevision = (policy: string, [before, after]: readonly [PolicyLedger, PolicyLedger], compared: ComparedPolicies): boolean =>
  compared.before.has(policy) || before[policy]?.revision === after[policy]?.revision;

/** What a report counts by policy, as far as it can be trusted. */
const ledgerOf = (report: PolicyReport | undefined): PolicyLedger => priorReport(report).ledger;

function failures(report: PolicyReport | undefined): Map<string, ReportResult> {
  const failing = priorReport(report).results.filter(({ result }) => result === 'fail');
  return new Map(failing.map((result) => [resultFingerprint(result), result]));
}

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
export function recordedChange(report: PolicyReport | undefined, scan: string | undefined): ReportChange {
  const [by, ...counts] = (report?.metadata.annotations?.[ANNOTATIONS.change] ?? '').split(' ');
  if (by !== scan) return noChange();
  const [found, fixed] = counts.map((text) => severityCountsFrom(text.split(',').map(Number)));
  return { new: found ?? none(), fixed: fixed ?? none() };
}

/** Counts as numbers from critical to low. */
export const numbersOf = (counts: SeverityCounts): number[] => order.map((severity) => counts[severity]);

/** Counts out of {@link numbersOf}; what is no whole number counts as none. */
export function severityCountsFrom(numbers: readonly number[]): SeverityCounts {
  const at = (index: number): number => (Number.isSafeInteger(numbers[index]) ? (numbers[index] ?? 0) : 0);
  return { critical: at(0), high: at(1), medium: at(2), low: at(3) };
}
