import { hash } from 'node:crypto';
import type { SecurityPolicySpec } from '../api/kinds/security-policy.ts';
import type { BoundRule } from './rules/bound-rule.ts';
import { catalogue } from '../catalogue/controls/catalogue.ts';
import { frameworkId, newestMinor, resolveFramework } from '../catalogue/frameworks/framework.ts';

/**
 * The version of the evaluation code. Raise it if a code change can change the verdict about an unchanged object while the catalogue stays
 * the same. Every object is then evaluated again.
 */
export const ENGINE_VERSION = 2;

const digest = (value: unknown, length: number): string => hash('sha256', JSON.stringify(value)).slice(0, length);

/** A digest of the catalogue's data and of {@link ENGINE_VERSION}. Together with the policies it determines all verdicts. */
export const catalogueVersion: string = digest([ENGINE_VERSION, catalogue], 12);

/** The part of a policy that determines its revision. */
export interface RevisionPolicy {
  readonly generation: number;
  readonly spec: SecurityPolicySpec;
  /** The rules of the ValidatingAdmissionPolicies that it selects. Default: none. */
  readonly boundRules?: readonly BoundRule[] | undefined;
}

/** The other inputs of a revision. */
export interface RevisionInputs {
  /** The version of the API server, such as 1.36. */
  readonly kubernetesVersion: string;
  /** Default: {@link catalogueVersion}. */
  readonly catalogue?: string;
}

/**
 * Returns the revision under which a policy is evaluated, such as `3-5f0c1d77aa`. Two verdicts with the same revision are equal if the
 * object and all other objects that they depend on are unchanged. The revision is the policy's generation and a digest of: the spec, the
 * catalogue, the resolved frameworks with their controls, the Kubernetes minor if a check depends on it, and the rules of selected
 * ValidatingAdmissionPolicies with their parameters. Waivers are not part of it,
 * because they are applied after the evaluation. Pure.
 */
export function evaluationRevision(
  { generation, spec, boundRules }: RevisionPolicy,
  { kubernetesVersion, catalogue: version = catalogueVersion }: RevisionInputs,
): string {
  const frameworks = (spec.frameworks ?? []).map(({ name, version: wanted }) => {
    const found = resolveFramework(name, wanted, kubernetesVersion);
    return found.ok ? [frameworkId(found.framework), found.framework.controls.map(({ id }) => id)] : name;
  });
  const minor = relevantMinor(spec, kubernetesVersion);
  const selected = spec.admissionPolicies === undefined ? [] : [boundRules ?? 'not read'];
  return `${generation}-${digest([version, spec, frameworks, minor, ...selected], 10)}`;
}

/** The generation in a revision. Returns 0 if the text is not a revision. */
export const generationOf = (revision: string): number => Number(/^[0-9]+/.exec(revision)?.[0] ?? 0);

/** Rules follow the minor of the server. Controls follow it up to the newest minor that Vigil knows. */
function relevantMinor({ rules = [], admissionPolicies }: SecurityPolicySpec, kubernetesVersion: string): number {
  const minor = Number(/^v?1\.(\d+)/.exec(kubernetesVersion)?.[1] ?? newestMinor);
  return rules.length > 0 || admissionPolicies !== undefined ? minor : Math.min(minor, newestMinor);
}
