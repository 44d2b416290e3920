import type { AdmissionPolicySelection, SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { type Labels, labelMatch } from '../../api/label-match.ts';
import { controlById } from '../../catalogue/controls/catalogue.ts';
import { problemText } from '../outcomes/policy-problem.ts';
import type { BoundRule } from '../rules/bound-rule.ts';
import { RuleProgram } from '../rules/rule-program.ts';
import { boundRules, type OtherAdmissionBinding, type OtherAdmissionPolicy, type ReadParameters } from './bound-rules.ts';

/** The ValidatingAdmissionPolicies of others in the cluster. */
export interface ExistingPolicies {
  readonly policies: readonly (OtherAdmissionPolicy & { readonly labels: Labels })[];
  readonly bindings: readonly OtherAdmissionBinding[];
  readonly parameters: ReadParameters;
  /** Policies and bindings that Vigil cannot read, with the reason. */
  readonly unread: readonly UnreadPolicy[];
}

/** A policy or binding that cannot be evaluated. */
export interface UnreadPolicy {
  /** The labels of the policy. Undefined: it concerns every selection. */
  readonly labels: Labels | undefined;
  readonly message: string;
}

/** What the ValidatingAdmissionPolicies that a SecurityPolicy selects make for it. */
export interface SelectedRules {
  readonly rules: readonly BoundRule[];
  /** The number of selected policies. */
  readonly policies: number;
  /** The number of their bindings. */
  readonly bindings: number;
  /** What is not evaluated, each with the reason. */
  readonly problems: readonly string[];
  /** What has no effect, such as a selector that selects nothing. */
  readonly idle: readonly string[];
}

/**
 * Returns the rules that the selected ValidatingAdmissionPolicies make for a SecurityPolicy. Undefined: they were not read yet. The result is the
 * same object as long as nothing has changed.
 */
export type SelectedRulesOf = (policy: Pick<SecurityPolicy, 'spec'>) => SelectedRules | undefined;

/** The result for a SecurityPolicy that selects no ValidatingAdmissionPolicies. */
export const noSelectedRules: SelectedRules = { rules: [], policies: 0, bindings: 0, problems: [], idle: [] };

/** The settings of {@link selectedRules}. */
export interface SelectionContext {
  readonly kubernetesVersion: string;
  /** The names of the rules of the SecurityPolicy. */
  readonly ruleNames: readonly string[];
}

const id = (name: string): string => `ValidatingAdmissionPolicy ${name}`;

/** Returns the rules that a selection makes of the existing policies. A policy without a binding has no effect in a cluster: it makes no rule. Pure. */
export function selectedRules(selection: AdmissionPolicySelection, existing: ExistingPolicies, context: SelectionContext): SelectedRules {
  const selects = labelMatch(selection.selector);
  const selected = existing.policies.filter(({ labels }) => selects(labels)).toSorted(byName);
  const unread = existing.unread.filter(({ labels }) => labels === undefined || selects(labels)).map(({ message }) => message);
  const made = selected.map((policy) => ofPolicy(policy, existing, context));
  const rules = made.flatMap((one) => one.rules).map((bound) => withSeverity(bound, selection));
  const isEmpty = selected.length === 0 && unread.length === 0;
  return {
    rules,
    policies: selected.length,
    bindings: made.reduce((sum, one) => sum + one.bindings, 0),
    problems: [...unread, ...made.flatMap((one) => one.problems)],
    idle: [
      ...(isEmpty ? ['spec.admissionPolicies.selector: no ValidatingAdmissionPolicy has these labels'] : []),
      ...made.flatMap((one) => one.idle),
    ],
  };
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

const withSeverity = (bound: BoundRule, { severity }: AdmissionPolicySelection): BoundRule =>
  severity === undefined ? bound : { ...bound, rule: { ...bound.rule, severity } };

type OfPolicy = Omit<SelectedRules, 'policies'>;

function ofPolicy(
  policy: OtherAdmissionPolicy,
  { bindings, parameters }: ExistingPolicies,
  { kubernetesVersion, ruleNames }: SelectionContext,
): OfPolicy {
  const { name } = policy;
  const own = bindings.filter(({ spec }) => spec.policyName === name).toSorted(byName);
  const nothing: OfPolicy = { rules: [], bindings: own.length, problems: [], idle: [] };
  if (controlById(name) !== undefined || ruleNames.includes(name)) {
    const what = ruleNames.includes(name) ? 'rule of this policy' : 'built-in control';
    return {
      ...nothing,
      problems: [`${id(name)} has the name of a ${what}, so that their results could not be distinguished: rename one`],
    };
  }
  const [capital] = capitalResources(policy);
  if (capital !== undefined)
    return {
      ...nothing,
      problems: [`${id(name)}: spec.matchConstraints: '${capital}' has capital letters: resources are plural and lower case`],
    };
  if (own.length === 0) return { ...nothing, idle: [`${id(name)} has no ValidatingAdmissionPolicyBinding, so it has no effect`] };
  const rules = boundRules(policy, own, parameters);
  const problems = expressionProblems(rules, kubernetesVersion).map((text) => `${id(name)}: ${text}`);
  if (problems.length === 0) return { ...nothing, rules, problems: unreadable(rules).map((text) => `${id(name)}: ${text}`) };
  const [first = ''] = problems;
  return { ...nothing, rules: rules.map((bound) => withoutExpressions(bound, first)), problems };
}

/** The resources with capital letters, such as kinds: they match nothing. */
function capitalResources({ spec: { matchConstraints } }: OtherAdmissionPolicy): readonly string[] {
  const named = [...matchConstraints.resourceRules, ...(matchConstraints.excludeResourceRules ?? [])].flatMap(({ resources }) => resources);
  return named.filter((resource) => /[A-Z]/.test(resource));
}

/** The problems of the expressions. All rules of a policy have the same expressions. */
function expressionProblems([first]: readonly BoundRule[], kubernetesVersion: string): readonly string[] {
  const problems: string[] = [];
  if (first) RuleProgram.compile(first.rule, 'spec', { kubernetesVersion, report: (problem) => problems.push(problemText(problem)) });
  return problems;
}

/** Why bindings of a policy cannot be evaluated. */
const unreadable = (rules: readonly BoundRule[]): readonly string[] => [
  ...new Set(
    rules.flatMap(({ outcome, properties }) =>
      outcome?.kind === 'error' ? [`binding ${properties['binding'] ?? ''}: ${outcome.message}`] : [],
    ),
  ),
];

/** A rule whose result is an error for each object that it matches. */
function withoutExpressions({ rule, ...bound }: BoundRule, message: string): BoundRule {
  const { matchConditions: _conditions, variables: _variables, ...rest } = rule;
  return { ...bound, rule: { ...rest, validations: [] }, outcome: { kind: 'error', message } };
}
