import type { SeverityCounts, Summary } from '../api/kinds/security-policy.ts';
import { addSeverities, addSummaries, emptySeverities, emptySummary } from './tally.ts';

/** The sum over the reports of one policy. */
export interface PolicyTotals {
  readonly summary: Summary;
  readonly failing: SeverityCounts;
}

/** The totals of a policy without reports. */
export const noTotals: PolicyTotals = { summary: emptySummary(), failing: emptySeverities() };

/** Adds the counts of a report for a policy to the totals, or subtracts them if `sign` is -1. */
export function addTotals(totals: Map<string, PolicyTotals>, policy: string, { summary, failing }: PolicyTotals, sign: 1 | -1): void {
  const before = totals.get(policy) ?? noTotals;
  const signed = <T extends object>(counts: T): T =>
    Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, sign * count])) as T;
  totals.set(policy, { summary: addSummaries(before.summary, signed(summary)), failing: addSeverities(before.failing, signed(failing)) });
}
