import type { SecurityPolicy, SecurityPolicySpec } from '../api/security-policy.ts';
import { evaluationRevision } from '../engine/evaluation-revision.ts';

/** The revision that a policy is judged by now: by its spec, this version of Vigil, and the server's version as it was last read. See `evaluationRevision`. */
export type RevisionOf = (policy: Pick<SecurityPolicy, 'metadata' | 'spec'>) => string;

/** What policies are judged by now, worked out once for each spec and version of the server. */
export class PolicyRevisions {
  #version: string;
  #known = new WeakMap<SecurityPolicySpec, string>();

  constructor(kubernetesVersion: string) {
    this.#version = kubernetesVersion;
  }

  /** Takes the server's version as it was just read: with another minor every revision is worked out anew. */
  setKubernetesVersion(kubernetesVersion: string): void {
    if (kubernetesVersion === this.#version) return;
    this.#version = kubernetesVersion;
    this.#known = new WeakMap();
  }

  /** The revision of a policy as it is in this object. */
  readonly of: RevisionOf = ({ metadata: { generation = 0 }, spec }) => {
    const known = this.#known.get(spec) ?? evaluationRevision({ generation, spec }, { kubernetesVersion: this.#version });
    this.#known.set(spec, known);
    return known;
  };
}
