import type { ConditionUpdate } from '../api/condition.ts';
import { durationMilliseconds } from '../api/field.ts';
import {
  severities,
  type ConfigurationStatus,
  type ImagesStatus,
  type SecurityPolicy,
  type SecurityPolicyStatus,
  type SeverityCounts,
} from '../api/security-policy.ts';
import type { PolicyInspection } from '../engine/policy-inspection.ts';
import type { EvaluationAttempt } from './evaluation-attempt.ts';
import { statusTotals } from './status-totals.ts';

const defaultMaxAge = '26h';
const hourly = 3_600_000;
/** Images that a condition's message names; the status names more. */
const mostNamed = 5;

/** What is known of a policy, from which its conditions are told. */
export interface PolicyState {
  readonly policy: SecurityPolicy;
  readonly inspection: PolicyInspection;
  readonly configuration: ConfigurationStatus | undefined;
  /** Undefined also where the policy does not ask about images. */
  readonly images: ImagesStatus | undefined;
  readonly attempt: EvaluationAttempt | undefined;
  /** What the policy is judged by now: see `evaluationRevision`. */
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Milliseconds that a policy's verdicts stay fresh. */
export const maxAgeOf = ({ spec }: SecurityPolicy): number => durationMilliseconds(spec.maxAge ?? defaultMaxAge) ?? 26 * hourly;

/** Milliseconds until the verdicts of a status are too old; infinite when they are already, or are not there. */
export function untilStale(policy: SecurityPolicy, { lastScanTime, images }: SecurityPolicyStatus, now: number): number {
  const left = [lastScanTime, images?.lastScanTime]
    .map((time) => Date.parse(time ?? '') + maxAgeOf(policy) - now)
    .filter((milliseconds) => milliseconds > 0);
  return Math.min(...left) + 1000;
}

/**
 * Whether the verdicts are fresh, whether all in scope was evaluated, and whether it complies. The rule of all three: what was not
 * evaluated is never fresh, covered or compliant. Pure.
 */
export function complianceConditions(standing: PolicyState): ConditionUpdate[] {
  const fresh = freshness(standing);
  const covered = coverageCondition(standing);
  return [fresh, covered, compliance(standing, { fresh, covered })];
}

const unknown = (type: string, reason: string, message: string): ConditionUpdate => ({ type, status: 'Unknown', reason, message });
const noImages = (type: string): ConditionUpdate =>
  unknown(type, 'NeverScanned', 'the images that run in scope were not scanned for this policy yet');

/** Of a policy that no Scan has evaluated, and why. */
function never(type: string, { configuration, attempt }: PolicyState): ConditionUpdate {
  if (configuration?.lastScan !== undefined)
    return unknown(type, 'ScanFailed', `no scan has evaluated this policy yet: ${failureText(configuration)}`);
  const reason = attempt?.failed === true ? 'ScanFailed' : 'NeverScanned';
  return unknown(type, reason, `no scan has evaluated this policy yet${attempt ? `: ${attempt.text}` : ''}`);
}

/** `5 of 5 targets could not be scanned by Scan nightly-1: DeadlineExceeded: …`. */
function failureText({ lastScan = '', coverage, failure }: ConfigurationStatus): string {
  const { failed = 0, inScope = 0 } = coverage ?? {};
  return `${failed} of ${inScope} targets could not be scanned by Scan ${lastScan}${failure === undefined ? '' : `: ${failure}`}`;
}

function freshness(standing: PolicyState): ConditionUpdate {
  const { policy, configuration, images, now } = standing;
  const lastScanTime = configuration?.lastScanTime;
  if (lastScanTime === undefined) return never('Fresh', standing);
  if (policy.spec.images && !images) return noImages('Fresh');
  const maxAge = policy.spec.maxAge ?? defaultMaxAge;
  const old = (time: string | undefined): boolean => now - Date.parse(time ?? '') > maxAgeOf(policy);
  const stale = [
    ...(old(lastScanTime) ? [`the last verdicts are of ${lastScanTime}, older than ${maxAge}`] : []),
    ...(images && old(images.lastScanTime) ? [`images were last scanned at ${images.lastScanTime}, longer ago than ${maxAge}`] : []),
  ];
  return stale.length === 0
    ? { type: 'Fresh', status: 'True', reason: 'Scanned', message: `the last verdicts are of ${lastScanTime}, not older than ${maxAge}` }
    : { type: 'Fresh', status: 'False', reason: 'Stale', message: stale.join('; ') };
}

function coverageCondition(standing: PolicyState): ConditionUpdate {
  const { policy, inspection, configuration, images } = standing;
  if (inspection.unserved.length > 0) return { type: 'Covered', status: 'False', reason: 'NotServed', message: gaps(standing).join('; ') };
  if (!configuration?.coverage) return never('Covered', standing);
  if (policy.spec.images && !images) return noImages('Covered');
  const missing = gaps(standing);
  if (missing.length > 0) return { type: 'Covered', status: 'False', reason: 'Incomplete', message: missing.join('; ') };
  return nothingToEvaluate('Covered', standing) ?? allScanned(standing);
}

/** All in scope was scanned. An entry of the scope that matches no namespace takes nothing away from that, but may be a typing error. */
function allScanned(standing: PolicyState): ConditionUpdate {
  const { inScope = 0, scanned = 0, skipped = 0 } = statusTotals(standing).coverage ?? {};
  const idle = skipped > 0 ? `; images that no pod has run yet: ${skipped}` : '';
  const message = `${scanned} of ${inScope} targets${idle}`;
  const { unmatchedNamespaces: unmatched = [] } = standing.configuration ?? {};
  if (unmatched.length === 0) return { type: 'Covered', status: 'True', reason: 'AllScanned', message };
  const typos = `no namespace matches ${unmatched.join(', ')} (spec.scope.namespaces.include)`;
  return { type: 'Covered', status: 'True', reason: 'UnmatchedNamespaces', message: `${message}; ${typos}` };
}

/** What of the policy's scope was not evaluated, and why. */
function gaps({ inspection, configuration, images }: PolicyState): string[] {
  return [
    ...inspection.unserved,
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
    ...(rest > 0 ? [`and more, see status.images.uncovered`] : []),
  ];
}

/** A policy without checks, or without anything that these are about: it says nothing of the cluster. */
function nothingToEvaluate(type: string, standing: PolicyState): ConditionUpdate | undefined {
  const { policy, inspection } = standing;
  if (inspection.problems.length === 0 && inspection.checks === 0 && !policy.spec.images)
    return unknown(type, 'NoChecks', 'the policy has no checks that a scan evaluates: give frameworks, controls, rules or images');
  if (statusTotals(standing).coverage?.inScope !== 0) return undefined;
  return unknown(type, 'NothingInScope', `nothing is in scope: ${scopeText(policy)}`);
}

function scopeText({ spec: { scope } }: SecurityPolicy): string {
  const include = scope?.namespaces?.include;
  if (include)
    return `no object that the checks are about is in the namespaces of spec.scope.namespaces.include: ${include.slice(0, 10).join(', ')}`;
  return scope ? 'no object that the checks are about matches spec.scope' : 'the cluster has no object that the checks are about';
}

interface FreshAndCovered {
  readonly fresh: ConditionUpdate;
  readonly covered: ConditionUpdate;
}

/** A failure counts before anything else that may be missing; only where nothing is missing, nothing failing is a pass. */
function compliance(standing: PolicyState, conditions: FreshAndCovered): ConditionUpdate {
  return (
    notEvaluated(standing) ?? failure(standing) ?? imagesNotEvaluated(standing) ?? incomplete(standing, conditions) ?? passing(standing)
  );
}

const generationOf = ({ policy }: PolicyState): number => policy.metadata.generation ?? 0;

function notEvaluated(standing: PolicyState): ConditionUpdate | undefined {
  const evaluated = standing.configuration?.evaluatedGeneration;
  if (evaluated === undefined) return never('Compliant', standing);
  if (isEvaluated(standing)) return undefined;
  if (evaluated === generationOf(standing)) return unknown('Compliant', 'Stale', otherControls);
  const why = standing.attempt === undefined ? '' : `: ${standing.attempt.text}`;
  return otherGeneration('verdicts', evaluated, `${generationOf(standing)} was not evaluated yet${why}`);
}

/** Whether the verdicts are of the present generation, by the controls and frameworks as they are now. */
export const isEvaluated = ({ policy, configuration, revision }: PolicyState): boolean =>
  configuration?.evaluatedGeneration === (policy.metadata.generation ?? 0) && configuration.evaluatedRevision === revision;

/** Why verdicts of the present generation are not enough. */
export const otherControls =
  'controls, frameworks or Kubernetes have changed since the last scan of this generation; a scan evaluates it again';

function failure(standing: PolicyState): ConditionUpdate | undefined {
  const { configuration, images, policy } = standing;
  // Failures in images count only if it was this generation that asked about them.
  const current = images?.evaluatedGeneration === generationOf(standing) ? images : undefined;
  const counted = countedFailures(statusTotals({ configuration, images: current }).failing, policy.spec.compliance?.failOn ?? 'low');
  return counted === '' ? undefined : { type: 'Compliant', status: 'False', reason: 'Failing', message: `failing: ${counted}` };
}

function imagesNotEvaluated(standing: PolicyState): ConditionUpdate | undefined {
  const { images, policy } = standing;
  if (!images) return policy.spec.images ? noImages('Compliant') : undefined;
  if (images.evaluatedGeneration === generationOf(standing)) return undefined;
  return otherGeneration('verdicts about images', images.evaluatedGeneration, `${generationOf(standing)} was not evaluated yet`);
}

function incomplete(standing: PolicyState, { fresh, covered }: FreshAndCovered): ConditionUpdate | undefined {
  if (fresh.status !== 'True') return unknown('Compliant', 'Stale', `the verdicts are too old: ${fresh.message ?? ''}`);
  if (covered.status === 'False') return unknown('Compliant', 'Incomplete', covered.message ?? '');
  if (covered.status === 'Unknown') return { ...covered, type: 'Compliant' };
  const errors = statusTotals(standing).summary?.error ?? 0;
  return errors > 0 ? unknown('Compliant', 'Incomplete', `${errors} checks could not be evaluated`) : undefined;
}

/** Nothing fails. It is a pass only if something was evaluated. */
function passing(standing: PolicyState): ConditionUpdate {
  const { pass = 0, warn = 0, fail = 0, skip = 0 } = statusTotals(standing).summary ?? {};
  if (pass + warn + fail === 0)
    return unknown('Compliant', 'NothingEvaluated', `no check came to a verdict: ${skip} do not apply or cannot be judged`);
  const below = fail > 0 ? `, ${fail} fail below compliance.failOn` : '';
  return { type: 'Compliant', status: 'True', reason: 'Passing', message: `${pass} checks pass${below}` };
}

const otherGeneration = (what: string, evaluated: number, rest: string): ConditionUpdate =>
  unknown('Compliant', 'Stale', `the ${what} are of generation ${evaluated}; generation ${rest}`);

/** The failures that count, worst first, such as `1 critical, 3 high`; empty when there are none. */
function countedFailures(failing: SeverityCounts | undefined, failOn: (typeof severities)[number]): string {
  if (!failing) return '';
  const counted = severities.slice(severities.indexOf(failOn)).filter((severity) => failing[severity] > 0);
  return counted
    .toReversed()
    .map((severity) => `${failing[severity]} ${severity}`)
    .join(', ');
}
