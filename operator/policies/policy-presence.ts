import type { SecurityPolicy } from '../api/security-policy.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { RevisionOf } from './policy-revisions.ts';

/** A policy as it was evaluated: by one revision of it. */
export interface EvaluatedPolicy {
  readonly name: string;
  readonly uid: string;
  readonly revision: string;
}

/** The policies that are known. */
export interface KnownPolicies {
  readonly revisionOf: RevisionOf;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
}

/** The policy itself, in whatever generation; undefined when it is gone, going, or another of that name. */
function standing({ policies }: KnownPolicies, { name, uid }: EvaluatedPolicy): SecurityPolicy | undefined {
  const policy = policies.get(name);
  return policy?.metadata.uid === uid && policy.metadata.deletionTimestamp === undefined ? policy : undefined;
}

/** Whether a policy is there, and is judged by just this revision. */
export function isPresent(known: KnownPolicies, judged: EvaluatedPolicy): boolean {
  const policy = standing(known, judged);
  return policy !== undefined && known.revisionOf(policy) === judged.revision;
}

/**
 * Whether what a scan found for a policy is worth writing: the policy is there, and no newer revision of it is about to be
 * scanned. One whose newer generation does not compile keeps getting the verdicts of the last good one.
 */
export function isCurrent(known: KnownPolicies, judged: EvaluatedPolicy): boolean {
  const policy = standing(known, judged);
  if (!policy) return false;
  if (known.revisionOf(policy) === judged.revision) return true;
  const { observedGeneration, conditions = [] } = policy.status ?? {};
  return (
    observedGeneration === policy.metadata.generation && conditions.some(({ type, status }) => type === 'Stalled' && status === 'True')
  );
}
