import type { ApiResource } from '../api/api-resource.ts';
import type { SecurityPolicySpec } from '../api/security-policy.ts';
import type { Framework } from '../catalogue/frameworks/framework.ts';
import { controlChecks, type ControlCheck } from './controls/control-check.ts';
import type { PolicyProblem, ReportProblem } from './outcomes/policy-problem.ts';
import { policyScope, type PolicyScope } from './objects/policy-scope.ts';
import type { ResourceIndex } from './objects/resource-index.ts';
import type { ResultOwner } from './controls/control-result.ts';
import { RuleCheck } from './rules/rule-check.ts';

/** A policy to compile. */
export interface PolicySource {
  readonly name: string;
  readonly spec: SecurityPolicySpec;
  /** No policy of the user's: its results name none. */
  readonly anonymous?: boolean;
}

/** What compiling depends on besides the policies. */
export interface CompileOptions {
  /** The cluster's version, such as "1.36"; for files the newest that is known. */
  readonly kubernetesVersion: string;
  /** What the cluster serves, preferred versions first; for files the built-in kinds and the CRDs among them. */
  readonly resources: readonly ApiResource[];
  readonly systemNamespaces: readonly string[];
  /** Whether objects can be had in every served version: of a cluster. Default false: files have them in one. */
  readonly converts?: boolean;
  /** Instead of each policy's `reporting.passing`. */
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

/** Compiles one policy, or tells everything that is wrong with it. */
export function compilePolicy(
  { name, spec, anonymous }: PolicySource,
  options: CompileOptions,
  index: ResourceIndex,
): CompiledPolicy | readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const report: ReportProblem = (problem) => problems.push({ policy: name, ...problem });
  const { checks, frameworks } = controlChecks(spec, options.kubernetesVersion, report);
  const rules = (spec.rules ?? []).map((rule, position) =>
    RuleCheck.compile(rule, `spec.rules[${position}]`, { kubernetesVersion: options.kubernetesVersion, index, report }),
  );
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
