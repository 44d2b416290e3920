import type { SeverityCounts, Summary } from '../api/kinds/policy-status.ts';
import { addSeverities, addSummaries, emptySeverities, emptySummary } from './tally.ts';

/** The sum over the reports of one policy. */
export interface PolicyTotals {
  readonly summary: Summary;
  readonly failing: SeverityCounts;
  /** Failures that an exception covers. Omitted if there are none. */
  readonly excepted?: SeverityCounts | undefined;
}

/** The totals of a policy without reports. */
export const noTotals: PolicyTotals = { summary: emptySummary(), failing: emptySeverities() };

const signed = <T extends object>(counts: T, sign: 1 | -1): T =>
  Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, sign * Number(count)])) as T;

/** Adds the counts of a report for a policy to the totals, or subtracts them if `sign` is -1. */
export function addTotals(totals: Map<string, PolicyTotals>, policy: string, counts: PolicyTotals, sign: 1 | -1): void {
  const before = totals.get(policy) ?? noTotals;
  const excepted = addSeverities(before.excepted ?? emptySeverities(), signed(counts.excepted ?? emptySeverities(), sign));
  totals.set(policy, {
    summary: addSummaries(before.summary, signed(counts.summary, sign)),
    failing: addSeverities(before.failing, signed(counts.failing, sign)),
    ...(Object.values(excepted).some((count) => count !== 0) ? { excepted } : {}),
  });
}
