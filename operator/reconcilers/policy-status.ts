import { setConditions, type Condition, type ConditionUpdate } from '../api/condition.ts';
import type { ScanSchedule } from '../api/scan-schedule.ts';
import type {
  Coverage,
  FrameworkStatus,
  ImagesStatus,
  SecurityPolicy,
  SecurityPolicyStatus,
  SeverityCounts,
  Summary,
} from '../api/security-policy.ts';
import { labelMatch } from '../engine/label-selector.ts';
import type { PolicyProblem } from '../engine/policy-set.ts';
import { timestampOf } from '../scan/scan-status.ts';
import { complianceConditions } from './policy-compliance.ts';
import { configurationCounts, wholeCounts } from './policy-counts.ts';
import { renewedImages } from './images-status.ts';

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
  /** What was just found in images; without it, what was found before stays. */
  readonly images?: ImagesStatus;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The status of a SecurityPolicy. Pure. */
export function policyStatus({ policy, problems, schedules, findings, images, now }: PolicyStatusInput): SecurityPolicyStatus {
  const generation = policy.metadata.generation ?? 0;
  const scanned = withFindings(policy.status ?? {}, findings);
  const found = withImages(scanned, policy.spec.images && renewedImages(policy, images));
  const updates = [...readiness(problems), scheduling(policy, schedules), ...complianceConditions(policy, found, now)];
  return {
    ...found,
    observedGeneration: generation,
    conditions: setConditions(policy.status?.conditions, updates, { now: timestampOf(now), generation }),
  };
}

/** The status with what a scan found in place of what it said of configuration; what it says of images stays. */
function withFindings(status: SecurityPolicyStatus, findings: PolicyFindings | undefined): SecurityPolicyStatus {
  if (!findings) return status;
  const { summary, failing, whole } = findings;
  const counts = wholeCounts(
    { ...configurationCounts(status), summary, failing, ...(whole ? { coverage: whole.coverage } : {}) },
    status.images,
  );
  if (!whole) return { ...status, ...counts };
  const { scan, generation, time, coverage, frameworks, uncovered } = whole;
  const judgedNothing = coverage.scanned === 0 && coverage.failed > 0;
  const { uncovered: before, ...rest } = status;
  return {
    ...rest,
    ...counts,
    frameworks: [...frameworks],
    lastScan: scan,
    ...(uncovered.length > 0 ? { uncovered: uncovered.slice(0, 20) } : {}),
    // A scan that judged nothing makes no verdict younger.
    ...(judgedNothing ? {} : { evaluatedGeneration: generation, lastScanTime: timestampOf(time) }),
  };
}

/** The status with this said of images, and nothing where the policy does not ask about them; what it says of configuration stays. */
function withImages(status: SecurityPolicyStatus, images: ImagesStatus | undefined): SecurityPolicyStatus {
  const { images: before, coveragePercent, ...rest } = status;
  const counts = wholeCounts(configurationCounts(status), images);
  return {
    ...rest,
    ...counts,
    ...(counts.coverage ? { coveragePercent: percentOf(counts.coverage) } : {}),
    ...(images ? { images } : {}),
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
