import type { PolicyReport } from '../api/kinds/policy-report.ts';
import { exceptionIds } from '../findings/waivers/apply-waivers.ts';
import { priorReport } from '../reports/identity/prior-report.ts';

/** The findings of one policy that an exception selects. */
export interface PolicyMatches {
  readonly matched: number;
  readonly refused: number;
  /** Why the policy refuses the first of the refused findings. */
  readonly reason?: string;
}

/** By id of an exception, and by policy. */
export type ExceptionMatches = ReadonlyMap<string, ReadonlyMap<string, PolicyMatches>>;

const none: PolicyMatches = { matched: 0, refused: 0 };

/** Adds the counts of `b` to those of `a`. Keeps the first reason. */
export function addMatches(a: PolicyMatches = none, b: PolicyMatches = none): PolicyMatches {
  const reason = a.reason ?? b.reason;
  return { matched: a.matched + b.matched, refused: a.refused + b.refused, ...(reason === undefined ? {} : { reason }) };
}

/** Counts the findings in reports that exceptions select. */
export class MatchCounter {
  readonly #counts = new Map<string, Map<string, PolicyMatches>>();

  readonly #ends = new Set<number>();

  /** Returns when the next exception ends that covers a counted finding, in milliseconds since the epoch. Infinity if there is none. */
  nextEnd(now: number): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#ends].filter((end) => end > now));
  }

  /** Counts the results of a report that Vigil wrote. */
  add(report: PolicyReport): void {
    for (const { policy, properties } of priorReport(report).results) {
      const { matched, refused } = exceptionIds(properties);
      const end = Date.parse(properties?.['until'] ?? '');
      if (Number.isFinite(end)) this.#ends.add(end);
      const reason = properties?.['exceptionRefused']?.replace(/^.*?: /, '');
      for (const id of matched) this.#add(id, policy, { matched: 1, refused: 0 });
      for (const id of refused) this.#add(id, policy, { matched: 0, refused: 1, ...(reason === undefined ? {} : { reason }) });
    }
  }

  #add(id: string, policy: string, matches: PolicyMatches): void {
    const policies = this.#counts.getOrInsertComputed(id, () => new Map<string, PolicyMatches>());
    policies.set(policy, addMatches(policies.get(policy), matches));
  }

  /** Returns the counts so far. */
  build(): ExceptionMatches {
    return this.#counts;
  }
}
