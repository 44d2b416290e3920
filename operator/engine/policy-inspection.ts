import type { ApiResource } from '../api/api-resource.ts';
import type { ResourceRule, SecurityPolicySpec } from '../api/kinds/security-policy.ts';
import { didYouMean } from '../catalogue/suggestion.ts';
import { type CompileOptions, compilePolicy, type PolicySource } from './compiled-policy.ts';
import type { PolicyProblem } from './outcomes/policy-problem.ts';
import { ResourceIndex } from './objects/resource-index.ts';
import { ResourceMatch } from './objects/resource-match.ts';

/** The result of checking a policy against the resources of a cluster. */
export interface PolicyInspection {
  /** The problems that prevent the evaluation. Empty if the policy can be evaluated. */
  readonly problems: readonly PolicyProblem[];
  /** The number of controls and of rules about CREATE that a scan evaluates. Image checks are not counted. */
  readonly checks: number;
  /** Resources of rules that the cluster does not serve, each with its path. Rules are not evaluated for these resources. */
  readonly unserved: readonly string[];
}

type Rule = NonNullable<SecurityPolicySpec['rules']>[number];

/** Checks a policy against the resources that a cluster serves. Pure. */
export function inspectPolicy(source: PolicySource, options: CompileOptions): PolicyInspection {
  const index = new ResourceIndex(options.resources);
  const compiled = compilePolicy(source, options, index);
  if (!('owner' in compiled)) return { problems: compiled, checks: 0, unserved: [] };
  const rules = source.spec.rules ?? [];
  return {
    problems: [],
    checks: compiled.controls.length + rules.filter(seesCreate).length,
    unserved: rules.flatMap((rule, position) => unservedOf(rule, `spec.rules[${position}].matchConstraints`, index)),
  };
}

const seesCreate = ({ matchConstraints: { resourceRules } }: Rule): boolean =>
  resourceRules.some(({ operations }) => operations.some((operation) => operation === 'CREATE' || operation === '*'));

function unservedOf(rule: Rule, path: string, index: ResourceIndex): string[] {
  const lines = rule.matchConstraints.resourceRules.flatMap((resourceRule, position) =>
    resourceRule.resources.flatMap((resource, entry) =>
      isPlain(resource) && !isServed(rule, [{ ...resourceRule, resources: [resource] }], index)
        ? [`${path}.resourceRules[${position}].resources[${entry}]: ${unservedReason(resource, resourceRule, index)}`]
        : [],
    ),
  );
  if (lines.length > 0 || isServed(rule, rule.matchConstraints.resourceRules, index)) return lines;
  return [`${path}: rule ${rule.name} matches no resource that a scan reads on this cluster`];
}

/** Whether an entry is a resource: no wildcard and no subresource. */
const isPlain = (resource: string): boolean => !/[*/]/.test(resource);

/** Whether a rule with these constraints matches some served resource. */
function isServed(rule: Rule, resourceRules: readonly ResourceRule[], index: ResourceIndex): boolean {
  const { excludeResourceRules, ...constraints } = rule.matchConstraints;
  const match = new ResourceMatch({ ...constraints, resourceRules: [...resourceRules] }, rule.podTemplates === true, index);
  return index.all.some((resource) => match.match(resource) !== 'no');
}

function unservedReason(resource: string, { apiGroups, apiVersions }: ResourceRule, { all }: ResourceIndex): string {
  const inGroups = apiGroups.includes('*') ? all : all.filter(({ group }) => apiGroups.includes(group));
  const where = apiGroups.map(groupText).join(', ');
  if (inGroups.length === 0) return `this cluster serves no resources in ${where}${groupHint(apiGroups, all)}`;
  const same = inGroups.filter((served) => served.resource === resource).map(({ version }) => version);
  if (same.length > 0 && !apiVersions.some((version) => version === '*' || same.includes(version)))
    return `this cluster does not serve ${resource} in ${where} as ${apiVersions.join(', ')}: it serves ${[...new Set(same)].join(', ')}`;
  if (same.length > 0) return `this rule never evaluates ${resource} in ${where}`;
  const singular = inGroups.find(({ kind }) => kind.toLowerCase() === resource);
  const hint = singular
    ? ` (did you mean '${singular.resource}'?)`
    : didYouMean(resource, [...new Set(inGroups.map((served) => served.resource))]);
  return `this cluster does not serve ${resource} in ${where}${hint}`;
}

const groupText = (group: string): string => (group === '' ? 'the core API group' : group === '*' ? 'any API group' : `API group ${group}`);

function groupHint([group = '', ...others]: readonly string[], all: readonly ApiResource[]): string {
  return others.length > 0 ? '' : didYouMean(group, [...new Set(all.map((served) => served.group))]);
}
