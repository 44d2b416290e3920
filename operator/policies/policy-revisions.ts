import type { SecurityPolicy, SecurityPolicySpec } from '../api/kinds/security-policy.ts';
import { noSelectedRules, type SelectedRules, type SelectedRulesOf } from '../engine/admission-policies/selected-rules.ts';
import { evaluationRevision } from '../engine/evaluation-revision.ts';

/**
 * Returns the current revision of a policy: of its spec, this version of Vigil, the last known Kubernetes version, and the
 * ValidatingAdmissionPolicies that it selects. See `evaluationRevision`.
 */
export type RevisionOf = (policy: Pick<SecurityPolicy, 'metadata' | 'spec'>) => string;

interface KnownRevision {
  readonly selected: SelectedRules | undefined;
  readonly revision: string;
}

/** The current revisions of policies, cached by spec, Kubernetes version and selected ValidatingAdmissionPolicies. */
export class PolicyRevisions {
  readonly #selectedRules: SelectedRulesOf;
  #version: string;
  #known = new WeakMap<SecurityPolicySpec, KnownRevision>();

  constructor(kubernetesVersion: string, selectedRules: SelectedRulesOf = () => noSelectedRules) {
    this.#version = kubernetesVersion;
    this.#selectedRules = selectedRules;
  }

  /** Sets the Kubernetes version of the API server. A changed version clears the cache. */
  setKubernetesVersion(kubernetesVersion: string): void {
    if (kubernetesVersion === this.#version) return;
    this.#version = kubernetesVersion;
    this.#known = new WeakMap();
  }

  /** Returns the revision of this policy object. */
  readonly of: RevisionOf = ({ metadata: { generation = 0 }, spec }) => {
    const selected = this.#selectedRules({ spec });
    const known = this.#known.get(spec);
    if (known?.selected === selected && known !== undefined) return known.revision;
    const revision = evaluationRevision({ generation, spec, boundRules: selected?.rules }, { kubernetesVersion: this.#version });
    this.#known.set(spec, { selected, revision });
    return revision;
  };
}
