import { definedEntries } from '../api/defined-entries.ts';
import { setConditions, type Condition, type ConditionUpdate } from '../api/condition.ts';
import type { Scan } from '../api/kinds/scan.ts';
import type { ScanSchedule } from '../api/kinds/scan-schedule.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { SecurityPolicyStatus } from '../api/kinds/policy-status.ts';
import { labelMatch } from '../api/label-match.ts';
import type { SelectedRules } from '../engine/admission-policies/selected-rules.ts';
import type { PolicyInspection } from '../engine/policy-inspection.ts';
import { problemText } from '../engine/outcomes/policy-problem.ts';
import { configurationOf } from './configuration-part.ts';
import { enforcementConditions } from './enforcement-condition.ts';
import { observedAnomalies, observingConditions } from './observing-condition.ts';
import { evaluationAttempt } from './attempts/evaluation-attempt.ts';
import { coveragePercent, statusTotals, type StatusTotals } from './status-totals.ts';
import { schedulesScanning } from '../schedules/default-schedule.ts';
import { complianceConditions, hasOnlyAnomalies, isEvaluated, otherControls, type PolicyState } from './policy-compliance.ts';
import { timestampOf } from '../api/timestamp.ts';
import { scannedImages } from '../api/scanned-images.ts';

/** The inputs of {@link policyStatus}. */
export interface PolicyStatusInput {
  /** The policy with the current parts of its status. */
  readonly policy: SecurityPolicy;
  readonly inspection: PolicyInspection;
  /** What the ValidatingAdmissionPolicies that it selects make for it. Undefined: it selects none, or they were not read yet. */
  readonly selected?: SelectedRules | undefined;
  /** The current revision of the policy; see `evaluationRevision`. */
  readonly revision: string;
  readonly schedules: readonly ScanSchedule[];
  /** All Scans in the cluster. */
  readonly scans: readonly Scan[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Returns the status of a SecurityPolicy: its unchanged parts, and the totals and conditions computed from them. Pure. */
export function policyStatus({ policy, inspection, selected, revision, schedules, scans, now }: PolicyStatusInput): SecurityPolicyStatus {
  const generation = policy.metadata.generation ?? 0;
  const { frameworks } = policy.status ?? {};
  const configuration = configurationOf(policy.status);
  const images = scannedImages(policy.spec) && policy.status?.images;
  const anomalies = observedAnomalies(policy);
  const totals = statusTotals({ configuration, images, anomalies });
  const attempt = evaluationAttempt(policy, scans);
  const state: PolicyState = { policy, inspection, configuration, images, anomalies, attempt, revision, now };
  const compliance = complianceConditions(state);
  const updates = [
    ...readiness(state),
    scheduling(policy, schedules),
    ...compliance,
    ...enforcementConditions(policy),
    ...observingConditions(policy),
  ];
  const isCovered = compliance.some(({ type, status }) => type === 'Covered' && status === 'True');
  const uncovered = uncoveredBy(inspection, totals);
  return {
    ...definedEntries({ configuration, images, anomalies, frameworks }),
    ...totals,
    ...definedEntries({
      admissionPolicies: selected && admissionPoliciesStatus(selected),
      uncovered,
      // There is nothing to cover: 0% would look like a scan that failed.
      coveragePercent: totals.coverage && !hasOnlyAnomalies(state) ? coveragePercent(totals.coverage, isCovered) : undefined,
    }),
    observedGeneration: generation,
    conditions: setConditions(policy.status?.conditions, updates, { now: timestampOf(now), generation }),
  };
}

function uncoveredBy({ unserved, unread = [] }: PolicyInspection, { uncovered = [] }: StatusTotals): string[] | undefined {
  const all = [...unserved, ...unread, ...uncovered];
  return all.length > 0 ? all.slice(0, 20) : undefined;
}

function admissionPoliciesStatus({
  policies,
  bindings,
  rules,
  problems,
  idle,
}: SelectedRules): NonNullable<SecurityPolicyStatus['admissionPolicies']> {
  const texts = [...problems, ...idle].map((text) => text.slice(0, 1024)).slice(0, 20);
  return { selected: policies, bindings, rules: rules.length, ...(texts.length > 0 ? { problems: texts } : {}) };
}

/** The kstatus conditions: Current after the generation was evaluated, Failed if it cannot be evaluated, InProgress otherwise. */
function readiness(state: PolicyState): ConditionUpdate[] {
  const { problems } = state.inspection;
  const [first] = problems;
  if (first) {
    const message = problems.map(problemText).join('; ');
    return [
      { type: 'Ready', status: 'False', reason: first.reason, message },
      { type: 'Reconciling', status: 'False', reason: first.reason, message: 'the policy is not evaluated until its problems are fixed' },
      { type: 'Stalled', status: 'True', reason: first.reason, message },
    ];
  }
  const stalled: ConditionUpdate = { type: 'Stalled', status: 'False', reason: 'Accepted', message: 'the policy can be evaluated' };
  const waiting = notEvaluated(state);
  const { generation = 0 } = state.policy.metadata;
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

/** Returns a message about what was not evaluated yet for the current generation. Undefined if everything was. */
function notEvaluated(state: PolicyState): string | undefined {
  const { policy, configuration, images, attempt } = state;
  const { generation = 0 } = policy.metadata;
  if (configuration?.evaluatedGeneration !== generation)
    return `generation ${generation} has not been evaluated yet${attempt === undefined ? '' : `: ${attempt.text}`}`;
  if (!isEvaluated(state)) return otherControls;
  if (scannedImages(policy.spec) && images?.evaluatedGeneration !== generation)
    return `images have not been scanned for generation ${generation} yet`;
  return undefined;
}

function scheduling({ metadata }: SecurityPolicy, schedules: readonly ScanSchedule[]): ConditionUpdate {
  const selecting = schedules.filter(({ spec }) => labelMatch(spec.policySelector)(metadata.labels ?? {}));
  const running = schedulesScanning(selecting).filter(({ spec, status }) => spec.suspend !== true && !isStalled(status?.conditions));
  if (running.length > 0) {
    const names = running.map((schedule) => schedule.metadata.name).toSorted();
    return { type: 'Scheduled', status: 'True', reason: 'Scheduled', message: `ScanSchedule ${names.join(', ')}` };
  }
  const message =
    selecting.length === 0
      ? 'no ScanSchedule selects this policy: create one whose spec.policySelector matches its labels, or one without spec.policySelector'
      : `every ScanSchedule that selects this policy is suspended or stalled: ${selecting.map((schedule) => schedule.metadata.name).join(', ')}`;
  return { type: 'Scheduled', status: 'False', reason: selecting.length === 0 ? 'NoSchedule' : 'NotRunning', message };
}

const isStalled = (conditions: readonly Condition[] = []): boolean =>
  conditions.some(({ type, status }) => type === 'Stalled' && status === 'True');
