import { isFinished, type Scan } from '../../api/kinds/scan.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { holdOf } from '../../api/kinds/scan-hold.ts';

/** The state of the Scan that evaluates a policy: a running Scan, or the last Scan if it failed. */
export interface EvaluationAttempt {
  readonly failed: boolean;
  /** A text for messages, such as `Scan web-g2 is Running`. */
  readonly text: string;
}

/** Returns the running Scan of a policy, or the last Scan if it ended without evaluating the policy. Otherwise returns undefined. Pure. */
export function evaluationAttempt(policy: SecurityPolicy, scans: readonly Scan[]): EvaluationAttempt | undefined {
  const { name, creationTimestamp: since = '' } = policy.metadata;
  const ofPolicy = scans
    .filter((scan) => scan.metadata.deletionTimestamp === undefined && includesPolicy(scan, name) && createdAt(scan) >= since)
    .toSorted((a, b) => compare(createdAt(a), createdAt(b)));
  const running = ofPolicy.findLast((scan) => !isFinished(scan));
  if (running) return { failed: false, text: `Scan ${running.metadata.name} is ${running.status?.phase ?? 'Pending'}${holdText(running)}` };
  const last = ofPolicy.at(-1);
  if (!last || last.status?.phase === 'Complete' || !isNewer(last, policy)) return undefined;
  return { failed: true, text: `Scan ${last.metadata.name} failed${failureText(last)}` };
}

const createdAt = ({ metadata }: Scan): string => metadata.creationTimestamp ?? '';
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether a Scan ended after the last evaluation of the policy. */
const isNewer = ({ status: scan }: Scan, { status: policy }: SecurityPolicy): boolean =>
  (scan?.completionTime ?? '') > (policy?.configuration?.lastScanTime ?? policy?.lastScanTime ?? '');

/**
 * Returns the names of the policies that a Scan evaluates, as far as its owners, spec and status name them. A Scan of all policies lists
 * them in its status after it has started. Pure.
 */
export function policiesEvaluatedBy({ metadata: { ownerReferences = [] }, spec, status }: Scan): readonly string[] {
  const owners = ownerReferences.filter(({ kind }) => kind === 'SecurityPolicy');
  return [...new Set([...owners, ...(status?.policies ?? [])].map(({ name }) => name).concat(spec.policies ?? []))];
}

function includesPolicy({ spec, status }: Scan, policy: string): boolean {
  return spec.policies?.includes(policy) === true || status?.policies?.some(({ name }) => name === policy) === true;
}

/** The reason why an unfinished Scan makes no progress, with a leading colon. Empty if it makes progress. */
function holdText(scan: Scan): string {
  const hold = holdOf(scan);
  return hold ? `: ${hold.reason}: ${hold.message}` : '';
}

/** The reason why a Scan failed, with a leading colon. Empty if the Scan has no reason. */
function failureText({ status }: Scan): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready && ready.message !== '' ? `: ${ready.reason}: ${ready.message}` : '';
}
