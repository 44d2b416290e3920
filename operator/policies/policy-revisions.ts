import type { SecurityPolicy, SecurityPolicySpec } from '../api/kinds/security-policy.ts';
import { evaluationRevision } from '../engine/evaluation-revision.ts';

/** Returns the current revision of a policy: of its spec, this version of Vigil, and the last known Kubernetes version. See `evaluationRevision`. */
export type RevisionOf = (policy: Pick<SecurityPolicy, 'metadata' | 'spec'>) => string;

/** The current revisions of policies, cached by spec and Kubernetes version. */
export class PolicyRevisions {
  #version: string;
  #known = new WeakMap<SecurityPolicySpec, string>();

  constructor(kubernetesVersion: string) {
    this.#version = kubernetesVersion;
  }

  /** Sets the Kubernetes version of the API server. A changed version clears the cache. */
  setKubernetesVersion(kubernetesVersion: string): void {
    if (kubernetesVersion === this.#version) return;
    this.#version = kubernetesVersion;
    this.#known = new WeakMap();
  }

  /** Returns the revision of this policy object. */
  readonly of: RevisionOf = ({ metadata: { generation = 0 }, spec }) => {
    const known = this.#known.get(spec) ?? evaluationRevision({ generation, spec }, { kubernetesVersion: this.#version });
    this.#known.set(spec, known);
    return known;
  };
}
