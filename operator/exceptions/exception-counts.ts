import type { PolicyReport, ReportResult } from '../api/kinds/policy-report.ts';
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

/** Adds up the findings in reports that exceptions select. */
export class MatchCounter {
  readonly #counts = new Map<string, Map<string, PolicyMatches>>();
  readonly #ends = new Set<number>();

  /** Returns when the next exception ends that covers a counted finding, in milliseconds since the epoch. Infinity if there is none. */
  nextEnd(now: number): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#ends].filter((end) => end > now));
  }

  /** Adds the counts of a report that Vigil wrote, and the reasons and ends in its results. */
  add(report: PolicyReport): void {
    const { ledger, results } = priorReport(report);
    for (const [policy, { exceptions = {} }] of Object.entries(ledger))
      for (const [id, [matched, refused]] of Object.entries(exceptions)) this.#add(id, policy, { matched, refused });
    for (const result of results) this.#addResult(result);
  }

  #addResult({ policy, properties = {} }: ReportResult): void {
    const { until = '', exceptionRefused = '' } = properties as Readonly<Record<string, string | undefined>>;
    const end = Date.parse(until);
    if (Number.isFinite(end)) this.#ends.add(end);
    for (const id of exceptionIds(properties).refused) this.#add(id, policy, { ...none, reason: exceptionRefused.replace(/^.*?: /, '') });
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
