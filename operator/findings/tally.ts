import { ownEntry } from '../api/own-entry.ts';
import type { SeverityCounts, Summary } from '../api/kinds/policy-status.ts';
import type { PolicySeverity } from '../api/kinds/severity.ts';

/** The counts of one policy's verdicts on many targets. */
export interface PolicyTally {
  readonly summary: Summary;
  readonly failing: SeverityCounts;
  /** Evaluated targets in the policy's scope. */
  readonly targets: number;
  /** By check: the number of targets for each verdict. All are 0 for a rule that matched none of the objects of its kinds. */
  readonly checks: Readonly<Record<string, Summary>>;
}

export const emptySummary = (): Summary => ({ pass: 0, fail: 0, warn: 0, error: 0, skip: 0 });
export const emptySeverities = (): SeverityCounts => ({ critical: 0, high: 0, medium: 0, low: 0 });

/** Returns the sum of two summaries. */
export function addSummaries(a: Summary, b: Summary): Summary {
  return { pass: a.pass + b.pass, fail: a.fail + b.fail, warn: a.warn + b.warn, error: a.error + b.error, skip: a.skip + b.skip };
}

/** Returns the sum of two counts by severity. */
export function addSeverities(a: SeverityCounts, b: SeverityCounts): SeverityCounts {
  return { critical: a.critical + b.critical, high: a.high + b.high, medium: a.medium + b.medium, low: a.low + b.low };
}

/** Returns the sum of two tallies of one policy. */
export function addTallies(a: PolicyTally | undefined, b: PolicyTally): PolicyTally {
  if (!a) return b;
  const checks: Record<string, Summary> = { ...a.checks };
  for (const [check, counts] of Object.entries(b.checks)) checks[check] = addSummaries(ownEntry(checks, check) ?? emptySummary(), counts);
  return {
    summary: addSummaries(a.summary, b.summary),
    failing: addSeverities(a.failing, b.failing),
    targets: a.targets + b.targets,
    checks,
  };
}

/** Builds a tally from single verdicts. */
export class TallyBuilder {
  readonly #summary = emptySummary();
  readonly #failing = emptySeverities();
  readonly #checks: Record<string, Summary> = {};
  #targets = 0;

  /** The number of evaluated targets so far. */
  get targets(): number {
    return this.#targets;
  }

  /** Counts an evaluated target. */
  addTarget(): void {
    this.#targets++;
  }

  /** Counts the verdict of one check on one target. */
  addVerdict(check: string, verdict: keyof Summary, severity: PolicySeverity | 'info'): void {
    this.#summary[verdict]++;
    this.#countsOf(check)[verdict]++;
    if (verdict === 'fail' && severity !== 'info') this.#failing[severity]++;
  }

  /** Adds a check without a verdict: a rule that does not match an object of its kinds. */
  addUnmatched(check: string): void {
    this.#countsOf(check);
  }

  /** Removes a counted pass of a check, because a live pod fails it. */
  removePass(check: string): void {
    this.#summary.pass--;
    const counts = ownEntry(this.#checks, check);
    if (counts) counts.pass--;
  }

  #countsOf(check: string): Record<keyof Summary, number> {
    return ownEntry(this.#checks, check) ?? (this.#checks[check] = emptySummary());
  }

  /** Returns the counts so far. */
  build(): PolicyTally {
    return { summary: this.#summary, failing: this.#failing, targets: this.#targets, checks: this.#checks };
  }
}
