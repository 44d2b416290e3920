import { isFinished, type Scan } from '../api/scan.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { holdOf } from '../api/scan-hold.ts';

/** The Scan that is to evaluate a policy: one that runs, or the last one if it failed. */
export interface EvaluationAttempt {
  readonly failed: boolean;
  /** Such as `Scan web-g2 is Running`; for people. */
  readonly text: string;
}

/** The Scan that evaluates a policy now, or the last one if it ended without evaluating it; undefined if there is none. Pure. */
export function evaluationAttempt(policy: SecurityPolicy, scans: readonly Scan[]): EvaluationAttempt | undefined {
  const { name, creationTimestamp: since = '' } = policy.metadata;
  const about = scans
    .filter((scan) => scan.metadata.deletionTimestamp === undefined && concerns(scan, name) && createdAt(scan) >= since)
    .toSorted((a, b) => compare(createdAt(a), createdAt(b)));
  const running = about.findLast((scan) => !isFinished(scan));
  if (running) return { failed: false, text: `Scan ${running.metadata.name} is ${running.status?.phase ?? 'Pending'}${heldUpBy(running)}` };
  const last = about.at(-1);
  if (!last || last.status?.phase === 'Complete' || !isNewer(last, policy)) return undefined;
  return { failed: true, text: `Scan ${last.metadata.name} has failed${failureOf(last)}` };
}

const createdAt = ({ metadata }: Scan): string => metadata.creationTimestamp ?? '';
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether a Scan ended after the last one that evaluated the policy. */
const isNewer = ({ status: scan }: Scan, { status: policy }: SecurityPolicy): boolean =>
  (scan?.completionTime ?? '') > (policy?.configuration?.lastScanTime ?? policy?.lastScanTime ?? '');

/** The names of the policies that a Scan evaluates, as far as it says: one of all policies names them once it runs. Pure. */
export function policiesEvaluatedBy({ metadata: { ownerReferences = [] }, spec, status }: Scan): readonly string[] {
  const owners = ownerReferences.filter(({ kind }) => kind === 'SecurityPolicy');
  return [...new Set([...owners, ...(status?.policies ?? [])].map(({ name }) => name).concat(spec.policies ?? []))];
}

function concerns({ spec, status }: Scan, policy: string): boolean {
  return spec.policies?.includes(policy) === true || status?.policies?.some(({ name }) => name === policy) === true;
}

/** What holds up a Scan that has not ended. */
function heldUpBy(scan: Scan): string {
  const hold = holdOf(scan);
  return hold ? `: ${hold.reason}: ${hold.message}` : '';
}

/** Why a Scan failed. */
function failureOf({ status }: Scan): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready && ready.message !== '' ? `: ${ready.reason}: ${ready.message}` : '';
}
