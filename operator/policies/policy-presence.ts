import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { RevisionOf } from './policy-revisions.ts';

/** A policy in the revision that was evaluated. */
export interface EvaluatedPolicy {
  readonly name: string;
  readonly uid: string;
  readonly revision: string;
}

/** The policies of the lister and their current revisions. */
export interface KnownPolicies {
  readonly revisionOf: RevisionOf;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
}

/** Returns the policy with this uid, in any generation. Returns undefined if it is deleted, being deleted, or replaced by one of the same name. */
function livePolicy({ policies }: KnownPolicies, { name, uid }: EvaluatedPolicy): SecurityPolicy | undefined {
  const policy = policies.get(name);
  return policy?.metadata.uid === uid && policy.metadata.deletionTimestamp === undefined ? policy : undefined;
}

/** Whether a policy exists and its current revision is the evaluated one. */
export function isPresent(known: KnownPolicies, evaluated: EvaluatedPolicy): boolean {
  const policy = livePolicy(known, evaluated);
  return policy !== undefined && known.revisionOf(policy) === evaluated.revision;
}

/**
 * Whether the results of a scan for a policy are still valid: the policy exists, and no newer revision of it will be scanned. If the newer
 * generation does not compile (Stalled is True), the results of the last valid generation are still written.
 */
export function isCurrent(known: KnownPolicies, evaluated: EvaluatedPolicy): boolean {
  const policy = livePolicy(known, evaluated);
  if (!policy) return false;
  if (known.revisionOf(policy) === evaluated.revision) return true;
  const { observedGeneration, conditions = [] } = policy.status ?? {};
  return (
    observedGeneration === policy.metadata.generation && conditions.some(({ type, status }) => type === 'Stalled' && status === 'True')
  );
}
