import { definedEntries } from '../api/defined-entries.ts';
import type { EnforcementStatus } from '../api/kinds/policy-enforcement.ts';
import type { AdmissionPolicy } from './objects/admission-policy.ts';
import type { EnforcementObjects } from './objects/enforcement-objects.ts';
import type { FittedParameters } from './objects/parameters.ts';
import type { SyncResult } from './enforcement-sync.ts';

/** The most entries of the lists in the status. */
const most = { problems: 20, notEnforced: 256 } as const;
const longestProblem = 1000;

/** Warnings of the API server about the types of an expression, with the place. */
function typeWarnings({ policies }: SyncResult): readonly string[] {
  return policies.flatMap(({ metadata, status }) =>
    (status?.typeChecking?.expressionWarnings ?? []).map(
      ({ fieldRef, warning }) => `ValidatingAdmissionPolicy ${metadata.name}: ${fieldRef}: ${warning.replaceAll(/\s+/g, ' ')}`,
    ),
  );
}

/** Milliseconds after which a policy counts as in force although its types were not checked: Kubernetes checks no policy that was deleted and created again at once. */
const longestCheck = 10_000;

/** Whether the API server enforces an admission policy. It accepted the policy; soon afterwards it checks the types. */
function isInForce({ metadata, status }: AdmissionPolicy, now: number): boolean {
  return status?.observedGeneration === metadata.generation || now - Date.parse(metadata.creationTimestamp ?? '') > longestCheck;
}

/**
 * Returns the enforcement part of a policy's status after its objects were written. `now`: milliseconds since the epoch. `content`: the
 * parameters, if the admission policies read any. Pure.
 */
export function enforcementStatus(
  { generation, now }: { readonly generation: number; readonly now: number },
  made: EnforcementObjects,
  synced: SyncResult,
  content?: FittedParameters,
): EnforcementStatus {
  const inForce = synced.policies.filter((policy) => isInForce(policy, now)).length;
  const warnings = typeWarnings(synced);
  const left = content?.problems ?? [];
  const problems = [...synced.refused, ...made.problems, ...left, ...warnings].map((text) => text.slice(0, longestProblem));
  const reason = reasonOf([
    ['Refused', synced.refused],
    ['InvalidEntry', made.problems],
    ['LimitReached', left],
    ['TypeWarnings', warnings],
  ]);
  return {
    observedGeneration: generation,
    policies: synced.policies.length,
    inForce,
    enforcedChecks: made.enforced.length,
    ...definedEntries({ parametersBytes: content?.bytes, approvedDigests: made.approves ? content?.digests : undefined }),
    ...(made.notEnforced.length > 0 ? { notEnforced: made.notEnforced.slice(0, most.notEnforced) } : {}),
    ...(made.unmatched.length > 0 ? { unmatchedEntries: made.unmatched.slice(0, most.problems) } : {}),
    ...(reason === undefined ? {} : { reason, problems: problems.slice(0, most.problems) }),
  };
}

type Reason = NonNullable<EnforcementStatus['reason']>;

/** Returns the first reason that has problems. */
const reasonOf = (rows: readonly (readonly [reason: Reason, problems: readonly string[]])[]): Reason | undefined =>
  rows.find(([, problems]) => problems.length > 0)?.[0];

/** Returns the part if nothing could be written: the counts of the earlier part, and the reason. */
export function failedStatus(
  before: EnforcementStatus | undefined,
  generation: number,
  { reason, problems }: { readonly reason: NonNullable<EnforcementStatus['reason']>; readonly problems: readonly string[] },
): EnforcementStatus {
  const { policies = 0, inForce = 0, enforcedChecks = 0, notEnforced } = before ?? {};
  return {
    observedGeneration: generation,
    policies,
    inForce,
    enforcedChecks,
    ...(notEnforced === undefined ? {} : { notEnforced }),
    reason,
    problems: problems.map((text) => text.slice(0, longestProblem)).slice(0, most.problems),
  };
}
