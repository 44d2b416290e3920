import type { ApiResource } from '../api/api-resource.ts';
import type { SecurityPolicySpec } from '../api/kinds/security-policy.ts';
import type { Framework } from '../catalogue/frameworks/framework.ts';
import { controlChecks, type ControlCheck } from './controls/control-check.ts';
import { reportDetectionProblems } from './controls/detection-settings.ts';
import type { PolicyProblem, ReportProblem } from './outcomes/policy-problem.ts';
import { policyScope, type PolicyScope } from './objects/policy-scope.ts';
import type { ResourceIndex } from './objects/resource-index.ts';
import type { ResultOwner } from './controls/control-result.ts';
import type { BoundRule } from './rules/bound-rule.ts';
import { RuleCheck } from './rules/rule-check.ts';

/** A policy to compile. */
export interface PolicySource {
  readonly name: string;
  readonly spec: SecurityPolicySpec;
  /** The rules of a ValidatingAdmissionPolicy with its bindings, besides those of the spec. */
  readonly boundRules?: readonly BoundRule[];
  /** True if the policy is built by Vigil, not by the user. Its results name no policy. */
  readonly anonymous?: boolean;
}

/** The inputs of a compilation besides the policies. */
export interface CompileOptions {
  /** The Kubernetes version of the cluster, such as "1.36". For files: the newest version that Vigil knows. */
  readonly kubernetesVersion: string;
  /**
   * The resources that the cluster serves, preferred versions first. For files: the built-in kinds and the kinds of the CRDs among the
   * files.
   */
  readonly resources: readonly ApiResource[];
  readonly systemNamespaces: readonly string[];
  /** Whether the API server can return each object in every served version. Default false: an object of a file has one version only. */
  readonly converts?: boolean;
  /** Overrides `reporting.passing` of every policy. */
  readonly passing?: 'Count' | 'List';
}

/** A policy that can be evaluated. */
export interface CompiledPolicy {
  readonly owner: ResultOwner;
  readonly scope: PolicyScope;
  readonly controls: readonly ControlCheck[];
  readonly rules: readonly RuleCheck[];
  readonly frameworks: readonly Framework[];
}

/** Compiles one policy. Returns all of its problems if it has any. */
export function compilePolicy(
  { name, spec, boundRules = [], anonymous }: PolicySource,
  options: CompileOptions,
  index: ResourceIndex,
): CompiledPolicy | readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const report: ReportProblem = (problem) => problems.push({ policy: name, ...problem });
  const { checks, frameworks } = controlChecks(spec, options.kubernetesVersion, report);
  reportDetectionProblems(spec, report);
  const rules = (spec.rules ?? []).map((rule, position) =>
    RuleCheck.compile(rule, `spec.rules[${position}]`, { kubernetesVersion: options.kubernetesVersion, index, report }),
  );
  for (const bound of boundRules) {
    // All rules of a ValidatingAdmissionPolicy have the same expressions: the first one reports their problems.
    if (problems.length > 0) break;
    rules.push(RuleCheck.compile(bound.rule, 'spec', { kubernetesVersion: options.kubernetesVersion, index, report, bound }));
  }
  if (problems.length > 0) return problems;
  const listsPasses = (options.passing ?? spec.reporting?.passing) === 'List';
  return {
    owner: { name, label: anonymous === true ? null : name, listsPasses },
    scope: policyScope(spec.scope, options.systemNamespaces),
    controls: checks,
    rules: rules.filter((rule) => rule !== undefined),
    frameworks,
  };
}
