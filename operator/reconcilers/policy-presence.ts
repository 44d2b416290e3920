import type { SecurityPolicy } from '../api/security-policy.ts';

/** A policy as it was evaluated: by one revision of it. */
export interface EvaluatedPolicy {
  readonly name: string;
  readonly uid: string;
  readonly revision: string;
}

/** The policies that are known. */
export interface KnownPolicies {
  readonly revisionOf: (policy: SecurityPolicy) => string;
  readonly policies: { readonly get: (name: string) => SecurityPolicy | undefined };
}

/** The policy itself, in whatever generation; undefined when it is gone, going, or another of that name. */
function standing({ policies }: KnownPolicies, { name, uid }: EvaluatedPolicy): SecurityPolicy | undefined {
  const policy = policies.get(name);
  return policy?.metadata.uid === uid && policy.metadata.deletionTimestamp === undefined ? policy : undefined;
}

/** Whether a policy is there, and is judged by just this revision. */
export function isPresent(world: KnownPolicies, judged: EvaluatedPolicy): boolean {
  const policy = standing(world, judged);
  return policy !== undefined && world.revisionOf(policy) === judged.revision;
}

/**
 * Whether what a scan found for a policy is worth writing: the policy is there, and no newer revision of it is about to be
 * scanned. One whose newer generation does not compile keeps getting the verdicts of the last good one.
 */
export function isCurrent(world: KnownPolicies, judged: EvaluatedPolicy): boolean {
  const policy = standing(world, judged);
  if (!policy) return false;
  if (world.revisionOf(policy) === judged.revision) return true;
  const { observedGeneration, conditions = [] } = policy.status ?? {};
  return (
    observedGeneration === policy.metadata.generation && conditions.some(({ type, status }) => type === 'Stalled' && status === 'True')
  );
}
