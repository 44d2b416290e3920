import type { SecurityPolicyRule } from '../api/kinds/security-policy.ts';
import type { SelectedRules } from './admission-policies/selected-rules.ts';
import { type CompileOptions, compilePolicy, type PolicySource } from './compiled-policy.ts';
import type { PolicyProblem } from './outcomes/policy-problem.ts';
import { ResourceIndex } from './objects/resource-index.ts';
import { idleEntries } from './rules/idle-entries.ts';

/** The result of checking a policy against the resources of a cluster. */
export interface PolicyInspection {
  /** The problems that prevent the evaluation. Empty if the policy can be evaluated. */
  readonly problems: readonly PolicyProblem[];
  /** The number of controls and of rules about CREATE that a scan evaluates. Image checks are not counted. */
  readonly checks: number;
  /** Resources of rules that the cluster does not serve, each with its path. Rules are not evaluated for these resources. */
  readonly unserved: readonly string[];
  /**
   * Entries of rules that match no served resource beside others that do, each with its path: an API group, a version, a subresource, or an
   * entry of `excludeResourceRules`. Each may be a typing error.
   */
  readonly unmatched: readonly string[];
  /** Selected ValidatingAdmissionPolicies that are not evaluated, each with the reason. Omitted: none. */
  readonly unread?: readonly string[];
}

/** The cluster against whose resources a policy is checked. */
export interface InspectedCluster extends CompileOptions {
  /** The name of the cluster in messages. Default: this cluster. */
  readonly server?: string;
  /** What the ValidatingAdmissionPolicies that the policy selects make for it. */
  readonly selected?: SelectedRules | undefined;
}

/** Checks a policy against the resources that a cluster serves. Pure. */
export function inspectPolicy(source: PolicySource, { server = 'this cluster', selected, ...options }: InspectedCluster): PolicyInspection {
  const index = new ResourceIndex(options.resources);
  const compiled = compilePolicy(source, options, index);
  if (!('owner' in compiled)) return { problems: compiled, checks: 0, unserved: [], unmatched: [] };
  const rules = source.spec.rules ?? [];
  const idle = rules.map((rule, position) => idleEntries(rule, `spec.rules[${position}].matchConstraints`, { index, server }));
  return {
    problems: [],
    checks: compiled.controls.length + [...rules, ...(selected?.rules ?? []).map(({ rule }) => rule)].filter(seesCreate).length,
    unserved: idle.flatMap(({ unserved }) => unserved),
    unmatched: [...idle.flatMap(({ unmatched }) => unmatched), ...(selected?.idle ?? [])],
    unread: selected?.problems ?? [],
  };
}

const seesCreate = ({ matchConstraints: { resourceRules } }: SecurityPolicyRule): boolean =>
  resourceRules.some(({ operations }) => operations.some((operation) => operation === 'CREATE' || operation === '*'));
