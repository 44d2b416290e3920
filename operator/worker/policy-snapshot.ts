import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { SelectedRules } from '../engine/admission-policies/selected-rules.ts';
import { evaluationRevision } from '../engine/evaluation-revision.ts';
import type { PolicySnapshot } from './scan-input.ts';

/**
 * Returns a policy with its current revision. `kubernetesVersion`: the version of the API server, such as 1.36. `selected`: the rules of the
 * ValidatingAdmissionPolicies that it selects. Pure.
 */
export function snapshotOf({ metadata, spec }: SecurityPolicy, kubernetesVersion: string, selected?: SelectedRules): PolicySnapshot {
  const { name, uid = '', generation = 0 } = metadata;
  const boundRules = spec.admissionPolicies && selected?.rules;
  const revision = evaluationRevision({ generation, spec, boundRules }, { kubernetesVersion });
  return { name, uid, generation, revision, spec, ...(boundRules ? { boundRules } : {}) };
}

/** The identity of an evaluated policy, and the settings of its reports. */
export interface ReportingPolicy {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Its evaluation revision: see `evaluationRevision`. */
  readonly revision: string;
  /** Whether its reports list passes. */
  readonly listPasses: boolean;
  /** The labels of owners that are copied to reports. */
  readonly ownerLabels: readonly string[];
}

/** Returns the identity of a policy and the settings of its reports. Pure. */
export const reportingPolicy = ({ name, uid, generation, revision, spec }: PolicySnapshot): ReportingPolicy => ({
  name,
  uid,
  generation,
  revision,
  listPasses: spec.reporting?.passing === 'List',
  ownerLabels: spec.reporting?.ownerLabels ?? [],
});
