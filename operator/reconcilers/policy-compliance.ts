import type { ConditionUpdate } from '../api/condition.ts';
import { durationMilliseconds } from '../api/field.ts';
import { severities, type SecurityPolicy, type SecurityPolicyStatus, type SeverityCounts } from '../api/security-policy.ts';
import { configurationCounts } from './policy-counts.ts';

const defaultMaxAge = '26h';
const hourly = 3_600_000;
/** Images that a condition's message names; the status names more. */
const mostNamed = 5;

/** Milliseconds that a policy's verdicts stay fresh. */
export const maxAgeOf = ({ spec }: SecurityPolicy): number => durationMilliseconds(spec.maxAge ?? defaultMaxAge) ?? 26 * hourly;

/** Milliseconds until the verdicts of a status are too old; infinite when they are already, or are not there. */
export function untilStale(policy: SecurityPolicy, { lastScanTime, images }: SecurityPolicyStatus, now: number): number {
  const left = [lastScanTime, images?.lastScanTime]
    .map((time) => Date.parse(time ?? '') + maxAgeOf(policy) - now)
    .filter((milliseconds) => milliseconds > 0);
  return Math.min(...left) + 1000;
}

/** Whether the verdicts are fresh, whether all there is was looked at, and whether what must hold does: the status is the one to be. Pure. */
export function complianceConditions(policy: SecurityPolicy, status: SecurityPolicyStatus, now: number): ConditionUpdate[] {
  const fresh = freshness(policy, status, now);
  const covered = coverageCondition(policy, status);
  return [fresh, covered, compliance(policy, status, { fresh, covered })];
}

const unknown = (type: string, reason: string, message: string): ConditionUpdate => ({ type, status: 'Unknown', reason, message });
const never = (type: string): ConditionUpdate => unknown(type, 'NeverScanned', 'no scan has evaluated this policy');
const noImages = (type: string): ConditionUpdate =>
  unknown(type, 'NeverScanned', 'the images that run in scope were not looked into for this policy yet');

function freshness(policy: SecurityPolicy, { lastScanTime, images }: SecurityPolicyStatus, now: number): ConditionUpdate {
  if (lastScanTime === undefined) return never('Fresh');
  if (policy.spec.images && !images) return noImages('Fresh');
  const maxAge = policy.spec.maxAge ?? defaultMaxAge;
  const old = (time: string | undefined): boolean => now - Date.parse(time ?? '') > maxAgeOf(policy);
  const stale = [
    ...(old(lastScanTime) ? [`the last verdicts are of ${lastScanTime}, older than ${maxAge}`] : []),
    ...(images && old(images.lastScanTime) ? [`images were last looked into at ${images.lastScanTime}, longer ago than ${maxAge}`] : []),
  ];
  return stale.length === 0
    ? { type: 'Fresh', status: 'True', reason: 'Scanned', message: '' }
    : { type: 'Fresh', status: 'False', reason: 'Stale', message: stale.join('; ') };
}

function coverageCondition(
  { spec }: SecurityPolicy,
  { coverage, lastScan, uncovered = [], images }: SecurityPolicyStatus,
): ConditionUpdate {
  if (!coverage || lastScan === undefined) return never('Covered');
  if (spec.images && !images) return noImages('Covered');
  const { inScope, scanned, failed, skipped } = coverage;
  const missing = [
    ...(failed > 0 ? [`${failed} of ${inScope} targets could not be scanned`] : []),
    ...uncovered,
    ...(images ? imageGaps(images) : []),
  ];
  if (missing.length > 0) return { type: 'Covered', status: 'False', reason: 'Incomplete', message: missing.join('; ') };
  const idle = skipped > 0 ? `; images that no pod has run yet: ${skipped}` : '';
  return { type: 'Covered', status: 'True', reason: 'AllScanned', message: `${scanned} of ${inScope} targets${idle}` };
}

function imageGaps({ coverage: { waiting }, uncovered = [] }: NonNullable<SecurityPolicyStatus['images']>): string[] {
  const rest = uncovered.length - mostNamed;
  return [
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? 'image waits' : 'images wait'} to be looked into`] : []),
    ...uncovered.slice(0, mostNamed),
    ...(rest > 0 ? [`and more, see status.images.uncovered`] : []),
  ];
}

interface Standing {
  readonly fresh: ConditionUpdate;
  readonly covered: ConditionUpdate;
}

/** A failure counts before anything else that may be missing; only where nothing is missing, nothing failing is a pass. */
function compliance(policy: SecurityPolicy, status: SecurityPolicyStatus, standing: Standing): ConditionUpdate {
  return (
    notEvaluated(policy, status) ??
    failure(policy, status) ??
    imagesNotEvaluated(policy, status) ??
    incomplete(status, standing) ?? { type: 'Compliant', status: 'True', reason: 'Passing', message: '' }
  );
}

function notEvaluated({ metadata: { generation = 0 } }: SecurityPolicy, status: SecurityPolicyStatus): ConditionUpdate | undefined {
  if (status.evaluatedGeneration === undefined) return never('Compliant');
  return status.evaluatedGeneration === generation ? undefined : otherGeneration('verdicts', status.evaluatedGeneration, generation);
}

function failure({ metadata: { generation = 0 }, spec }: SecurityPolicy, status: SecurityPolicyStatus): ConditionUpdate | undefined {
  const counted = countedFailures(current(status, generation), spec.compliance?.failOn ?? 'low');
  return counted === '' ? undefined : { type: 'Compliant', status: 'False', reason: 'Failing', message: `failing: ${counted}` };
}

function imagesNotEvaluated(
  { metadata: { generation = 0 }, spec }: SecurityPolicy,
  { images }: SecurityPolicyStatus,
): ConditionUpdate | undefined {
  if (!images) return spec.images ? noImages('Compliant') : undefined;
  if (images.evaluatedGeneration === generation) return undefined;
  return otherGeneration('verdicts about images', images.evaluatedGeneration, generation);
}

function incomplete({ summary }: SecurityPolicyStatus, { fresh, covered }: Standing): ConditionUpdate | undefined {
  if (fresh.status !== 'True') return unknown('Compliant', 'Stale', `the verdicts are too old: ${fresh.message ?? ''}`);
  if (covered.status !== 'True') return unknown('Compliant', 'Incomplete', covered.message ?? '');
  const errors = summary?.error ?? 0;
  return errors > 0 ? unknown('Compliant', 'Incomplete', `${errors} checks could not be evaluated`) : undefined;
}

const otherGeneration = (what: string, evaluated: number, generation: number): ConditionUpdate =>
  unknown('Compliant', 'Stale', `the ${what} are of generation ${evaluated}; generation ${generation} was not evaluated yet`);

/** The failures by the policy as it is now: those in images count only when it was this generation that asked about them. */
const current = (status: SecurityPolicyStatus, generation: number): SeverityCounts | undefined =>
  status.images && status.images.evaluatedGeneration !== generation ? configurationCounts(status).failing : status.failing;

/** The failures that count, worst first, such as `1 critical, 3 high`; empty when there are none. */
function countedFailures(failing: SeverityCounts | undefined, failOn: (typeof severities)[number]): string {
  if (!failing) return '';
  const counted = severities.slice(severities.indexOf(failOn)).filter((severity) => failing[severity] > 0);
  return counted
    .toReversed()
    .map((severity) => `${failing[severity]} ${severity}`)
    .join(', ');
}
