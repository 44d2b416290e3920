import type { ConditionUpdate } from '../api/condition.ts';
import { durationMilliseconds } from '../api/field.ts';
import {
  type AnomaliesStatus,
  type ConfigurationStatus,
  type ImagesStatus,
  type SecurityPolicyStatus,
  type SeverityCounts,
} from '../api/kinds/policy-status.ts';
import { type SecurityPolicy } from '../api/kinds/security-policy.ts';
import { severities } from '../api/kinds/severity.ts';
import type { PolicyInspection } from '../engine/policy-inspection.ts';
import type { EvaluationAttempt } from './attempts/evaluation-attempt.ts';
import { statusTotals } from './status-totals.ts';
import { scannedImages } from '../api/scanned-images.ts';

const defaultMaxAge = '26h';
const hourly = 3_600_000;
/** The maximum number of images that the message of a condition names. The status names more. */
const mostNamed = 5;

/** The maximum number of entries or rules without effect that the message of a condition names. */
const mostSilent = 20;

/** The inputs of a policy's conditions. */
export interface PolicyState {
  readonly policy: SecurityPolicy;
  readonly inspection: PolicyInspection;
  readonly configuration: ConfigurationStatus | undefined;
  /** Undefined if the policy has no `spec.images`, or if images were not scanned yet. */
  readonly images: ImagesStatus | undefined;
  /** Undefined if the policy has no `spec.anomalies`, or if nothing was observed yet. */
  readonly anomalies?: AnomaliesStatus | undefined;
  readonly attempt: EvaluationAttempt | undefined;
  /** The current revision of the policy; see `evaluationRevision`. */
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The maximum age of a policy's verdicts in milliseconds. */
export const maxAgeOf = ({ spec }: SecurityPolicy): number => durationMilliseconds(spec.maxAge ?? defaultMaxAge) ?? 26 * hourly;

/** Returns the milliseconds until the verdicts of a status are too old. Returns Infinity if they are too old already or do not exist. */
export function untilStale(policy: SecurityPolicy, { lastScanTime, images }: SecurityPolicyStatus, now: number): number {
  const left = [lastScanTime, images?.lastScanTime]
    .map((time) => Date.parse(time ?? '') + maxAgeOf(policy) - now)
    .filter((milliseconds) => milliseconds > 0);
  return Math.min(...left) + 1000;
}

/**
 * Returns the conditions Fresh, Covered and Compliant. None of them is True for a scope that was not evaluated: an evaluation that is
 * missing never counts as a pass. Pure.
 */
export function complianceConditions(state: PolicyState): ConditionUpdate[] {
  const fresh = freshness(state);
  const covered = coverageCondition(state);
  return [fresh, covered, compliance(state, { fresh, covered })];
}

const unknown = (type: string, reason: string, message: string): ConditionUpdate => ({ type, status: 'Unknown', reason, message });
const noImages = (type: string): ConditionUpdate =>
  unknown(type, 'NeverScanned', 'the images in scope have not been scanned for this policy yet');

/** The condition of a policy that no Scan has evaluated, with the reason. */
function never(type: string, { configuration, attempt }: PolicyState): ConditionUpdate {
  if (configuration?.lastScan !== undefined)
    return unknown(type, 'ScanFailed', `no scan has evaluated this policy yet: ${failureText(configuration)}`);
  const reason = attempt?.failed === true ? 'ScanFailed' : 'NeverScanned';
  return unknown(type, reason, `no scan has evaluated this policy yet${attempt ? `: ${attempt.text}` : ''}`);
}

/** Returns a text such as `5 of 5 targets could not be scanned by Scan nightly-1: DeadlineExceeded: …`. */
function failureText({ lastScan = '', coverage, failure }: ConfigurationStatus): string {
  const { failed = 0, inScope = 0 } = coverage ?? {};
  return `${failed} of ${inScope} targets could not be scanned by Scan ${lastScan}${failure === undefined ? '' : `: ${failure}`}`;
}

function freshness(state: PolicyState): ConditionUpdate {
  const { policy, configuration, images, now } = state;
  const lastScanTime = configuration?.lastScanTime;
  if (lastScanTime === undefined) return never('Fresh', state);
  if (scannedImages(policy.spec) && !images) return noImages('Fresh');
  const maxAge = policy.spec.maxAge ?? defaultMaxAge;
  const old = (time: string | undefined): boolean => now - Date.parse(time ?? '') > maxAgeOf(policy);
  const stale = [
    ...(old(lastScanTime) ? [`the last verdicts are from ${lastScanTime}, older than spec.maxAge (${maxAge})`] : []),
    ...(images && old(images.lastScanTime)
      ? [`the last verdicts for images are from ${images.lastScanTime}, older than spec.maxAge (${maxAge})`]
      : []),
  ];
  return stale.length === 0
    ? {
        type: 'Fresh',
        status: 'True',
        reason: 'Scanned',
        message: `the last verdicts are from ${lastScanTime}, within spec.maxAge (${maxAge})`,
      }
    : { type: 'Fresh', status: 'False', reason: 'Stale', message: stale.join('; ') };
}

function coverageCondition(state: PolicyState): ConditionUpdate {
  const { policy, inspection, configuration, images } = state;
  if (inspection.unserved.length > 0) return { type: 'Covered', status: 'False', reason: 'NotServed', message: gaps(state).join('; ') };
  if (!configuration?.coverage) return never('Covered', state);
  if (scannedImages(policy.spec) && !images) return noImages('Covered');
  const missing = gaps(state);
  if (missing.length > 0) return { type: 'Covered', status: 'False', reason: 'Incomplete', message: missing.join('; ') };
  return nothingToEvaluate('Covered', state) ?? allScanned(state);
}

/**
 * The condition if everything in scope was scanned. Parts of the policy that evaluate nothing, beside others that do, may be typing errors:
 * they are reported.
 */
function allScanned(state: PolicyState): ConditionUpdate {
  const { inScope = 0, scanned = 0, skipped = 0 } = statusTotals(state).coverage ?? {};
  const idle = skipped > 0 ? `; images that no pod has run yet: ${skipped}` : '';
  const message = `${scanned} of ${inScope} targets were scanned${idle}`;
  const silent = silentParts(state);
  const reason = silent[0]?.reason ?? 'AllScanned';
  return { type: 'Covered', status: 'True', reason, message: [message, ...silent.flatMap(({ messages }) => messages)].join('; ') };
}

/** Parts of a policy that evaluate nothing, with the reason of the condition Covered. */
interface SilentParts {
  readonly reason: 'RulesNotEvaluated' | 'UnmatchedEntries' | 'UnmatchedNamespaces';
  readonly messages: readonly string[];
}

/** Returns the parts of a policy that evaluate nothing although its other parts do. The most important ones come first. */
function silentParts({ inspection, configuration }: PolicyState): SilentParts[] {
  const { unmatchedNamespaces = [], unevaluatedRules = [] } = configuration ?? {};
  const namespaces = `spec.scope.namespaces.include: no namespace matches ${unmatchedNamespaces.join(', ')}`;
  const parts: SilentParts[] = [
    { reason: 'RulesNotEvaluated', messages: unevaluatedRules },
    { reason: 'UnmatchedEntries', messages: inspection.unmatched },
    { reason: 'UnmatchedNamespaces', messages: unmatchedNamespaces.length > 0 ? [namespaces] : [] },
  ];
  return parts
    .filter(({ messages }) => messages.length > 0)
    .map(({ reason, messages }) => ({ reason, messages: messages.slice(0, mostSilent) }));
}

/** Returns the parts of the policy's scope that were not evaluated, each with the reason. */
function gaps({ inspection, configuration, images }: PolicyState): string[] {
  return [
    ...inspection.unserved,
    ...(inspection.unread ?? []),
    ...(configuration && (configuration.coverage?.failed ?? 0) > 0 ? [failureText(configuration)] : []),
    ...(configuration?.uncovered ?? []),
    ...(images ? imageGaps(images) : []),
  ];
}

function imageGaps({ coverage: { waiting, failed, inScope }, uncovered = [] }: ImagesStatus): string[] {
  const rest = uncovered.length - mostNamed;
  return [
    ...(failed > 0 ? [`${failed} of ${inScope} images could not be scanned`] : []),
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? 'image waits' : 'images wait'} to be scanned`] : []),
    ...uncovered.slice(0, mostNamed),
    ...(rest > 0 ? [`see status.images.uncovered for more`] : []),
  ];
}

/** Whether a scan has nothing to evaluate for the policy: neither a check nor an image. */
const hasNoChecks = ({ policy, inspection }: Pick<PolicyState, 'policy' | 'inspection'>): boolean =>
  inspection.problems.length === 0 && inspection.checks === 0 && !scannedImages(policy.spec);

/** Whether the policy watches for anomalies and asks for nothing that a scan evaluates. */
export const hasOnlyAnomalies = ({ policy, inspection }: Pick<PolicyState, 'policy' | 'inspection'>): boolean =>
  policy.spec.anomalies !== undefined && policy.spec.admissionPolicies === undefined && hasNoChecks({ policy, inspection });

const onlyAnomalies =
  'the policy has no checks that a scan evaluates, so nothing can be compliant; it watches for anomalies, as the condition Observing says';

/** The condition of a policy without checks, or without an object that its checks apply to. Undefined if it has both. */
function nothingToEvaluate(type: string, state: PolicyState): ConditionUpdate | undefined {
  const { policy } = state;
  if (hasOnlyAnomalies(state)) return unknown(type, 'OnlyAnomalies', onlyAnomalies);
  if (hasNoChecks(state)) return unknown(type, 'NoChecks', `the policy has no checks that a scan evaluates: ${withoutChecks(state)}`);
  if (statusTotals(state).coverage?.inScope !== 0) return undefined;
  return unknown(type, 'NothingInScope', `nothing is in scope: ${scopeText(policy)}`);
}

function withoutChecks({ policy, inspection }: PolicyState): string {
  if (policy.spec.admissionPolicies === undefined)
    return 'set spec.frameworks, spec.controls, spec.rules, spec.images or spec.admissionPolicies';
  const [first = 'the ValidatingAdmissionPolicies that it selects were not read yet'] = inspection.unmatched;
  return first;
}

function scopeText({ spec: { scope } }: SecurityPolicy): string {
  const include = scope?.namespaces?.include;
  if (include)
    return `the checks apply to no object in the namespaces of spec.scope.namespaces.include: ${include.slice(0, 10).join(', ')}`;
  return scope ? 'the checks apply to no object that matches spec.scope' : 'the checks apply to no object in the cluster';
}

interface FreshAndCovered {
  readonly fresh: ConditionUpdate;
  readonly covered: ConditionUpdate;
}

/** A failure takes precedence over missing evaluations. The policy is compliant only if nothing fails and no evaluation is missing. */
function compliance(state: PolicyState, conditions: FreshAndCovered): ConditionUpdate {
  return notEvaluated(state) ?? failure(state) ?? imagesNotEvaluated(state) ?? incomplete(state, conditions) ?? passing(state);
}

const generationOf = ({ policy }: PolicyState): number => policy.metadata.generation ?? 0;

function notEvaluated(state: PolicyState): ConditionUpdate | undefined {
  const evaluated = state.configuration?.evaluatedGeneration;
  if (evaluated === undefined) return never('Compliant', state);
  if (isEvaluated(state)) return undefined;
  if (evaluated === generationOf(state)) return unknown('Compliant', 'Stale', otherControls);
  const why = state.attempt === undefined ? '' : `: ${state.attempt.text}`;
  return otherGeneration('verdicts', evaluated, `${generationOf(state)} has not been evaluated yet${why}`);
}

/** Whether the verdicts are for the current generation and the current revision of controls and frameworks. */
export const isEvaluated = ({ policy, configuration, revision }: PolicyState): boolean =>
  configuration?.evaluatedGeneration === (policy.metadata.generation ?? 0) && configuration.evaluatedRevision === revision;

/** The message for verdicts of the current generation but an earlier revision. */
export const otherControls =
  'the controls, the frameworks, the selected admission policies or the Kubernetes version changed after the last scan of this generation; Vigil scans the policy again';

function failure(state: PolicyState): ConditionUpdate | undefined {
  const { configuration, images, anomalies, policy } = state;
  // Failures in images count only if they were found for the current generation.
  const current = images?.evaluatedGeneration === generationOf(state) ? images : undefined;
  const counted = countedFailures(
    statusTotals({ configuration, images: current, anomalies }).failing,
    policy.spec.compliance?.failOn ?? 'low',
  );
  return counted === '' ? undefined : { type: 'Compliant', status: 'False', reason: 'Failing', message: `failing: ${counted}` };
}

function imagesNotEvaluated(state: PolicyState): ConditionUpdate | undefined {
  const { images, policy } = state;
  if (!images) return scannedImages(policy.spec) ? noImages('Compliant') : undefined;
  if (images.evaluatedGeneration === generationOf(state)) return undefined;
  return otherGeneration('verdicts for images', images.evaluatedGeneration, `${generationOf(state)} has not been evaluated yet`);
}

function incomplete(state: PolicyState, { fresh, covered }: FreshAndCovered): ConditionUpdate | undefined {
  if (fresh.status !== 'True') return unknown('Compliant', 'Stale', `the verdicts are too old: ${fresh.message ?? ''}`);
  if (covered.status === 'False') return unknown('Compliant', 'Incomplete', covered.message ?? '');
  if (covered.status === 'Unknown') return { ...covered, type: 'Compliant' };
  const errors = statusTotals(state).summary?.error ?? 0;
  return errors > 0 ? unknown('Compliant', 'Incomplete', `${errors} checks could not be evaluated`) : undefined;
}

function nothingEvaluated(skipped: number): string {
  if (skipped === 0) return 'no check was evaluated: none is about an object in scope';
  return `no check was evaluated: ${skipped === 1 ? '1 check was' : `${skipped} checks were`} skipped, with a reason in the report`;
}

/** The condition if no check fails. The policy is compliant only if at least one check was evaluated. */
function passing(state: PolicyState): ConditionUpdate {
  const { pass = 0, warn = 0, fail = 0, skip = 0 } = statusTotals(state).summary ?? {};
  const silent = silentParts(state).flatMap(({ messages }) => messages);
  if (pass + warn + fail === 0) return unknown('Compliant', 'NothingEvaluated', [nothingEvaluated(skip), ...silent].join('; '));
  const below = fail > 0 ? `, ${fail} fail with a severity below spec.compliance.failOn` : '';
  return { type: 'Compliant', status: 'True', reason: 'Passing', message: `${pass} checks pass${below}` };
}

const otherGeneration = (what: string, evaluated: number, rest: string): ConditionUpdate =>
  unknown('Compliant', 'Stale', `the ${what} are for generation ${evaluated}; generation ${rest}`);

/** Returns the failures that affect compliance, most severe first, such as `1 critical, 3 high`. Empty if there are none. */
function countedFailures(failing: SeverityCounts | undefined, failOn: (typeof severities)[number]): string {
  if (!failing) return '';
  const counted = severities.slice(severities.indexOf(failOn)).filter((severity) => failing[severity] > 0);
  return counted
    .toReversed()
    .map((severity) => `${failing[severity]} ${severity}`)
    .join(', ');
}
