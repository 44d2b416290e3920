import type { SecurityPolicy, SecurityPolicySpec } from '../api/security-policy.ts';
import { judgementRevision } from '../engine/judgement-revision.ts';

/** What policies are judged by now, worked out once for each spec and version of the server. */
export class PolicyRevisions {
  #version: string;
  #known = new WeakMap<SecurityPolicySpec, string>();

  constructor(kubernetesVersion: string) {
    this.#version = kubernetesVersion;
  }

  /** Takes the server's version as it was just read: with another minor every revision is worked out anew. */
  servedBy(kubernetesVersion: string): void {
    if (kubernetesVersion === this.#version) return;
    this.#version = kubernetesVersion;
    this.#known = new WeakMap();
  }

  /** The revision of a policy as it is in this object. */
  readonly of = ({ metadata: { generation = 0 }, spec }: Pick<SecurityPolicy, 'metadata' | 'spec'>): string => {
    const known = this.#known.get(spec) ?? judgementRevision({ generation, spec }, { kubernetesVersion: this.#version });
    this.#known.set(spec, known);
    return known;
  };
}
