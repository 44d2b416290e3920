import { setConditions, type Condition, type ConditionUpdate } from '../api/condition.ts';
import type { Scan } from '../api/scan.ts';
import type { ScanSchedule } from '../api/scan-schedule.ts';
import type { SecurityPolicy, SecurityPolicyStatus } from '../api/security-policy.ts';
import { labelMatch } from '../engine/objects/label-selector.ts';
import type { PolicyInspection } from '../engine/policy-inspection.ts';
import type { PolicyProblem } from '../engine/policy-set.ts';
import { configurationOf } from './configuration-part.ts';
import { evaluationAttempt } from './evaluation-attempt.ts';
import { coveragePercent, statusTotals } from './status-totals.ts';
import { schedulesScanning } from '../schedules/default-schedule.ts';
import { complianceConditions, isEvaluated, otherControls, type PolicyState } from './policy-compliance.ts';
import { timestampOf } from '../api/timestamp.ts';

/** What a policy's status is made of. */
export interface PolicyStatusInput {
  /** The policy, with the parts of its status as their writers left them. */
  readonly policy: SecurityPolicy;
  readonly inspection: PolicyInspection;
  /** What the policy is judged by now: see `evaluationRevision`. */
  readonly revision: string;
  readonly schedules: readonly ScanSchedule[];
  /** The Scans that are kept. */
  readonly scans: readonly Scan[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The status of a SecurityPolicy: its parts as they are, and totals and conditions computed from them. Pure. */
export function policyStatus({ policy, inspection, revision, schedules, scans, now }: PolicyStatusInput): SecurityPolicyStatus {
  const generation = policy.metadata.generation ?? 0;
  const { frameworks } = policy.status ?? {};
  const configuration = configurationOf(policy.status);
  const images = policy.spec.images && policy.status?.images;
  const totals = statusTotals({ configuration, images });
  const attempt = evaluationAttempt(policy, scans);
  const standing: PolicyState = { policy, inspection, configuration, images, attempt, revision, now };
  const compliance = complianceConditions(standing);
  const updates = [...readiness(standing), scheduling(policy, schedules), ...compliance];
  const isCovered = compliance.some(({ type, status }) => type === 'Covered' && status === 'True');
  const uncovered = [...inspection.unserved, ...(totals.uncovered ?? [])].slice(0, 20);
  return {
    ...given({ configuration, images, frameworks }),
    ...totals,
    ...given({
      uncovered: uncovered.length > 0 ? uncovered : undefined,
      coveragePercent: totals.coverage && coveragePercent(totals.coverage, isCovered),
    }),
    observedGeneration: generation,
    conditions: setConditions(policy.status?.conditions, updates, { now: timestampOf(now), generation }),
  };
}

/** The fields that are there. */
const given = (fields: { readonly [K in keyof SecurityPolicyStatus]: SecurityPolicyStatus[K] | undefined }): SecurityPolicyStatus =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** kstatus: a policy is Current once its generation was evaluated, Failed while it cannot be, and InProgress until then. */
function readiness(standing: PolicyState): ConditionUpdate[] {
  const { problems } = standing.inspection;
  const [first] = problems;
  if (first) {
    const message = problems.map(problemText).join('; ');
    return [
      { type: 'Ready', status: 'False', reason: first.reason, message },
      { type: 'Reconciling', status: 'False', reason: first.reason, message: 'the policy waits for a new generation' },
      { type: 'Stalled', status: 'True', reason: first.reason, message },
    ];
  }
  const stalled: ConditionUpdate = { type: 'Stalled', status: 'False', reason: 'Accepted', message: 'the policy can be evaluated' };
  const waiting = notEvaluated(standing);
  const { generation = 0 } = standing.policy.metadata;
  if (waiting === undefined)
    return [
      { type: 'Ready', status: 'True', reason: 'Evaluated', message: `generation ${generation} was evaluated` },
      { type: 'Reconciling', status: 'False', reason: 'Evaluated', message: `generation ${generation} was evaluated` },
      stalled,
    ];
  return [
    { type: 'Ready', status: 'Unknown', reason: 'NotEvaluated', message: waiting },
    { type: 'Reconciling', status: 'True', reason: 'NotEvaluated', message: waiting },
    stalled,
  ];
}

/** What of the present generation was not evaluated yet; undefined if all was. */
function notEvaluated(standing: PolicyState): string | undefined {
  const { policy, configuration, images, attempt } = standing;
  const { generation = 0 } = policy.metadata;
  if (configuration?.evaluatedGeneration !== generation)
    return `generation ${generation} was not evaluated yet${attempt === undefined ? '' : `: ${attempt.text}`}`;
  if (!isEvaluated(standing)) return otherControls;
  if (policy.spec.images && images?.evaluatedGeneration !== generation) return `images were not scanned for generation ${generation} yet`;
  return undefined;
}

/** `spec.rules[0].validations[0].expression: 4:12: …`. */
export function problemText({ path, message, line, column }: PolicyProblem): string {
  return line === undefined || column === undefined ? `${path}: ${message}` : `${path}: ${line}:${column}: ${message}`;
}

function scheduling({ metadata }: SecurityPolicy, schedules: readonly ScanSchedule[]): ConditionUpdate {
  const taking = schedules.filter(({ spec }) => labelMatch(spec.policySelector)(metadata.labels ?? {}));
  const running = schedulesScanning(taking).filter(({ spec, status }) => spec.suspend !== true && !isStalled(status?.conditions));
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
