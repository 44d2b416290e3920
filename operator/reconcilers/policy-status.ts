import { setConditions, type Condition, type ConditionUpdate } from '../api/condition.ts';
import { durationMilliseconds } from '../api/field.ts';
import type { ScanSchedule } from '../api/scan-schedule.ts';
import {
  severities,
  type Coverage,
  type FrameworkStatus,
  type PolicySeverity,
  type SecurityPolicy,
  type SecurityPolicyStatus,
  type SeverityCounts,
  type Summary,
} from '../api/security-policy.ts';
import { labelMatch } from '../engine/label-selector.ts';
import type { PolicyProblem } from '../engine/policy-set.ts';
import { timestampOf } from '../scan/scan-status.ts';

/** What a scan found for one policy. A scan of some namespaces says nothing about the whole: it brings counts only. */
export interface PolicyFindings {
  readonly summary: Summary;
  readonly failing: SeverityCounts;
  readonly whole?: {
    readonly scan: string;
    readonly generation: number;
    /** Milliseconds since the epoch. */
    readonly time: number;
    readonly coverage: Coverage;
    readonly frameworks: readonly FrameworkStatus[];
    /** What could not be looked at, and why. */
    readonly uncovered: readonly string[];
  };
}

/** What a policy's status is made of. */
export interface PolicyStatusInput {
  readonly policy: SecurityPolicy;
  readonly problems: readonly PolicyProblem[];
  readonly schedules: readonly ScanSchedule[];
  /** What a scan has just found; without it, what earlier ones found stays. */
  readonly findings?: PolicyFindings;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const defaultMaxAge = '26h';
const hourly = 3_600_000;

/** Milliseconds that a policy's verdicts stay fresh. */
export const maxAgeOf = ({ spec }: SecurityPolicy): number => durationMilliseconds(spec.maxAge ?? defaultMaxAge) ?? 26 * hourly;

/** The status of a SecurityPolicy. Pure. */
export function policyStatus({ policy, problems, schedules, findings, now }: PolicyStatusInput): SecurityPolicyStatus {
  const generation = policy.metadata.generation ?? 0;
  const found = withFindings(policy.status ?? {}, findings);
  const fresh = freshness(policy, found, now);
  const covered = coverageCondition(found);
  const updates = [
    ...readiness(problems),
    scheduling(policy, schedules),
    fresh,
    covered,
    compliance(policy, found, { fresh: fresh.status === 'True', covered: covered.status === 'True' }),
  ];
  return {
    ...found,
    observedGeneration: generation,
    conditions: setConditions(policy.status?.conditions, updates, { now: timestampOf(now), generation }),
  };
}

function withFindings(status: SecurityPolicyStatus, findings: PolicyFindings | undefined): SecurityPolicyStatus {
  if (!findings) return status;
  const { summary, failing, whole } = findings;
  if (!whole) return { ...status, summary, failing };
  const { scan, generation, time, coverage, frameworks, uncovered } = whole;
  const judgedNothing = coverage.scanned === 0 && coverage.failed > 0;
  const { uncovered: before, ...rest } = status;
  return {
    ...rest,
    summary,
    failing,
    coverage,
    coveragePercent: percentOf(coverage),
    frameworks: [...frameworks],
    lastScan: scan,
    ...(uncovered.length > 0 ? { uncovered: uncovered.slice(0, 20) } : {}),
    // A scan that judged nothing makes no verdict younger.
    ...(judgedNothing ? {} : { evaluatedGeneration: generation, lastScanTime: timestampOf(time) }),
  };
}

/** Whole percents, rounded down: 100% means all. */
function percentOf({ inScope, scanned }: Coverage): string {
  return inScope === 0 ? '100%' : `${Math.floor((scanned / inScope) * 100)}%`;
}

function readiness(problems: readonly PolicyProblem[]): ConditionUpdate[] {
  const [first] = problems;
  if (!first) {
    return [
      { type: 'Ready', status: 'True', reason: 'Accepted', message: '' },
      { type: 'Reconciling', status: 'False', reason: 'Accepted', message: '' },
      { type: 'Stalled', status: 'False', reason: 'Accepted', message: '' },
    ];
  }
  const message = problems.map(problemText).join('; ');
  return [
    { type: 'Ready', status: 'False', reason: first.reason, message },
    { type: 'Reconciling', status: 'False', reason: first.reason, message: '' },
    { type: 'Stalled', status: 'True', reason: first.reason, message },
  ];
}

/** `spec.rules[0].validations[0].expression: 4:12: …`. */
export function problemText({ path, message, line, column }: PolicyProblem): string {
  return line === undefined || column === undefined ? `${path}: ${message}` : `${path}: ${line}:${column}: ${message}`;
}

function scheduling({ metadata }: SecurityPolicy, schedules: readonly ScanSchedule[]): ConditionUpdate {
  const taking = schedules.filter(({ spec }) => labelMatch(spec.policySelector)(metadata.labels ?? {}));
  const running = taking.filter(({ spec, status }) => spec.suspend !== true && !isStalled(status?.conditions));
  if (running.length > 0) {
    const names = running.map((schedule) => schedule.metadata.name).toSorted();
    return { type: 'Scheduled', status: 'True', reason: 'Scheduled', message: `ScanSchedule ${names.join(', ')}` };
  }
  const message =
    taking.length === 0
      ? 'no ScanSchedule takes this policy: make one whose policySelector matches its labels, or one without a policySelector'
      : `every ScanSchedule that takes this policy is suspended or stalled: ${taking.map((schedule) => schedule.metadata.name).join(', ')}`;
  return { type: 'Scheduled', status: 'False', reason: taking.length === 0 ? 'NoSchedule' : 'NotRunning', message };
}

const isStalled = (conditions: readonly Condition[] = []): boolean =>
  conditions.some(({ type, status }) => type === 'Stalled' && status === 'True');

const never = (type: string): ConditionUpdate => ({
  type,
  status: 'Unknown',
  reason: 'NeverScanned',
  message: 'no scan has evaluated this policy',
});

function freshness(policy: SecurityPolicy, { lastScanTime }: SecurityPolicyStatus, now: number): ConditionUpdate {
  if (lastScanTime === undefined) return never('Fresh');
  const maxAge = policy.spec.maxAge ?? defaultMaxAge;
  return now - Date.parse(lastScanTime) <= maxAgeOf(policy)
    ? { type: 'Fresh', status: 'True', reason: 'Scanned', message: '' }
    : { type: 'Fresh', status: 'False', reason: 'Stale', message: `the last verdicts are of ${lastScanTime}, older than ${maxAge}` };
}

function coverageCondition({ coverage, uncovered = [] }: SecurityPolicyStatus): ConditionUpdate {
  if (!coverage) return never('Covered');
  const { inScope, scanned, failed } = coverage;
  const missing = [...(failed > 0 ? [`${failed} of ${inScope} targets could not be scanned`] : []), ...uncovered];
  return missing.length > 0
    ? { type: 'Covered', status: 'False', reason: 'Incomplete', message: missing.join('; ') }
    : { type: 'Covered', status: 'True', reason: 'AllScanned', message: `${scanned} of ${inScope} targets` };
}

function compliance(
  { metadata, spec }: SecurityPolicy,
  { failing, summary, evaluatedGeneration }: SecurityPolicyStatus,
  { fresh, covered }: { readonly fresh: boolean; readonly covered: boolean },
): ConditionUpdate {
  if (evaluatedGeneration === undefined) return never('Compliant');
  const unknown = (reason: string, message: string): ConditionUpdate => ({ type: 'Compliant', status: 'Unknown', reason, message });
  const { generation = 0 } = metadata;
  if (evaluatedGeneration !== generation)
    return unknown('Stale', `the verdicts are of generation ${evaluatedGeneration}; generation ${generation} was not evaluated yet`);
  const counted = countedFailures(failing, spec.compliance?.failOn ?? 'low');
  if (counted !== '') return { type: 'Compliant', status: 'False', reason: 'Failing', message: `failing: ${counted}` };
  if (!fresh) return unknown('Stale', 'the verdicts are too old');
  const missing = covered ? unevaluated(summary, spec) : 'not every target could be scanned';
  return missing === '' ? { type: 'Compliant', status: 'True', reason: 'Passing', message: '' } : unknown('Incomplete', missing);
}

function unevaluated(summary: Summary | undefined, { images }: SecurityPolicy['spec']): string {
  if (summary && summary.error > 0) return `${summary.error} checks could not be evaluated`;
  // True must never hide what only the reports about images say.
  return images ? 'what is in images is not counted here: see the reports with source vigil-images' : '';
}

/** The failures that count, worst first, such as `1 critical, 3 high`; empty when there are none. */
function countedFailures(failing: SeverityCounts | undefined, failOn: PolicySeverity): string {
  if (!failing) return '';
  const counted = severities.slice(severities.indexOf(failOn)).filter((severity) => failing[severity] > 0);
  return counted
    .toReversed()
    .map((severity) => `${failing[severity]} ${severity}`)
    .join(', ');
}
