import type { ApiResource } from '../../api/api-resource.ts';
import type { ResourceRule, SecurityPolicyRule } from '../../api/kinds/security-policy.ts';
import { isBuiltinWorkloadKind } from '../../engine/objects/workload-kind.ts';
import { nameOfKind } from '../../engine/controls/control-kinds.ts';
import { dynLiteral, stringLiteral } from '../translator/cel-literal.ts';
import { podOf } from '../translator/pod-expression.ts';
import { RuleExpressions, type RuleSubject } from '../translator/rule-expression.ts';
import type { AdmissionPolicySpec, NamedExpression } from './admission-policy.ts';
import { resourceRules } from './control-policy.ts';

type Constraints = AdmissionPolicySpec['matchConstraints'];

/** Returns the constraints of a rule as the API server matches them, or why it matches nothing. */
export function ruleConstraints(rule: SecurityPolicyRule, served: readonly ApiResource[]): Constraints | string {
  const { resourceRules: included, excludeResourceRules = [], namespaceSelector = {}, objectSelector = {} } = rule.matchConstraints;
  const { matchPolicy = 'Equivalent' } = rule.matchConstraints;
  const wanted = rule.podTemplates === true ? included.flatMap((one) => ofTemplates(one, served)) : included.map(withScope);
  if (wanted.length === 0) return 'it matches no kind with a pod template at CREATE or UPDATE';
  const excluded =
    rule.podTemplates === true ? excludeResourceRules.flatMap((one) => ofTemplates(one, served)) : excludeResourceRules.map(withScope);
  return {
    matchPolicy,
    namespaceSelector,
    objectSelector,
    resourceRules: wanted,
    ...(excluded.length > 0 ? { excludeResourceRules: excluded } : {}),
  };
}

/** A part of a rule with its failure policy. `suffix` distinguishes the names of the parts. */
export interface FailurePart {
  readonly suffix: string;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly matchConstraints: Constraints;
}

/**
 * Splits the constraints of a rule without failurePolicy: it fails closed for new objects. An update is admitted if the rule cannot be evaluated,
 * because an object on which it could not be evaluated before must stay changeable, and CEL cannot tell whether the old object has the same
 * error. A rule about updates only reads the old object, and fails closed, as does a rule that sets failurePolicy.
 */
export function failureParts(rule: SecurityPolicyRule, constraints: Constraints): readonly FailurePart[] {
  const { failurePolicy } = rule;
  const parts = (keep: (operation: Operation) => boolean): Constraints => ({
    ...constraints,
    resourceRules: constraints.resourceRules.flatMap((one) => {
      const operations = expanded(one.operations).filter(keep);
      return operations.length > 0 ? [{ ...one, operations }] : [];
    }),
  });
  const [updates, others] = [parts((one) => one === 'UPDATE'), parts((one) => one !== 'UPDATE')];
  const isWhole = failurePolicy !== undefined || updates.resourceRules.length === 0 || others.resourceRules.length === 0;
  if (isWhole || !new RuleExpressions(rule).isAboutState)
    return [{ suffix: '', failurePolicy: failurePolicy ?? 'Fail', matchConstraints: constraints }];
  return [
    { suffix: '', failurePolicy: 'Fail', matchConstraints: others },
    { suffix: '-update', failurePolicy: 'Ignore', matchConstraints: updates },
  ];
}

type Operation = ResourceRule['operations'][number];
const allOperations: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'];
const expanded = (operations: readonly Operation[]): readonly Operation[] => (operations.includes('*') ? allOperations : operations);

const withScope = (rule: ResourceRule): ResourceRule => ({ ...rule, scope: rule.scope ?? '*' });
const holds = (values: readonly string[], wanted: string): boolean => values.includes('*') || values.includes(wanted);
const podResource: Pick<ApiResource, 'group' | 'version' | 'resource'> = { group: '', version: 'v1', resource: 'pods' };

/** Returns the resource rules about all kinds with a pod template for a rule about pods or about some of these kinds. */
function ofTemplates(rule: ResourceRule, served: readonly ApiResource[]): readonly ResourceRule[] {
  const matches = ({ group, version, resource }: typeof podResource): boolean =>
    holds(rule.apiGroups, group) &&
    holds(rule.apiVersions, version) &&
    rule.resources.some((entry) => entry === '*' || entry === '*/*' || entry === resource);
  const operations = (['CREATE', 'UPDATE'] as const).filter((operation) => holds(rule.operations, operation));
  const resources = served.filter((resource) => isBuiltinWorkloadKind(nameOfKind(resource)) && (matches(podResource) || matches(resource)));
  if (operations.length === 0 || rule.scope === 'Cluster') return [];
  const { resourceNames } = rule;
  return resourceRules(resources, [...operations]).map((one) => ({ ...one, ...(resourceNames ? { resourceNames } : {}) }));
}

/** The variables of a rule: its own, the Pod of a workload, and `failing` and `failedBefore`. */
export function ruleVariables(rule: SecurityPolicyRule): readonly NamedExpression[] {
  const expressions = new RuleExpressions(rule);
  const ratchets = expressions.isAboutState;
  const subjects: readonly RuleSubject[] = ratchets ? ['new', 'old'] : ['new'];
  return [
    ...(rule.params === undefined ? [] : [{ name: RuleExpressions.params, expression: dynLiteral(rule.params) }]),
    ...(rule.podTemplates === true ? pods(ratchets) : []),
    ...subjects.flatMap((subject) =>
      (rule.variables ?? []).map(({ name, expression }) => ({
        name: RuleExpressions.variable(name, subject),
        expression: expressions.of(expression, subject),
      })),
    ),
    { name: 'failing', expression: failures(rule, expressions, 'new') },
    {
      name: 'failedBefore',
      expression: ratchets ? `request.operation == 'UPDATE' ? (${failures(rule, expressions, 'old')}) : []` : noViolations,
    },
  ];
}

const noViolations = `[[['']]].filter(check, false)`;

const pods = (ratchets: boolean): readonly NamedExpression[] => [
  { name: RuleExpressions.pod, expression: podOf('object') },
  ...(ratchets ? [{ name: RuleExpressions.oldPod, expression: podOf('oldObject') }] : []),
];

/** CEL: one check with the validations that fail. The second item of a violation is empty, because it is about no container. */
function failures(
  { name, matchConditions = [], validations }: SecurityPolicyRule,
  expressions: RuleExpressions,
  subject: RuleSubject,
): string {
  const failed = validations.map(
    ({ expression }, index) => `(${expressions.of(expression, subject)}\n) ? [] : [[${stringLiteral(name)}, '', '${index}']]`,
  );
  const list = `[${failed.map((one) => `(${one})`).join(' + ')}].filter(check, check.size() > 0)`;
  if (matchConditions.length === 0) return list;
  const matched = matchConditions.map(({ expression }) => `(${expressions.of(expression, subject)}\n)`).join(' && ');
  return `(${matched}) ? ${list} : []`;
}

/** CEL: the name of the rule and the message of its first new failure. */
export function ruleMessage(rule: SecurityPolicyRule): string {
  const expressions = new RuleExpressions(rule);
  const messages = rule.validations.map(({ expression, message, messageExpression }, index) => {
    const text =
      messageExpression === undefined
        ? stringLiteral(message ?? `failed expression: ${expression.trim().slice(0, 300)}`)
        : `(${expressions.of(messageExpression, 'new')}\n)`;
    return `variables.new[0][0][2] == '${index}' ? ${text} : `;
  });
  return `${stringLiteral(`${rule.name}: `)} + (${messages.join('')}'')`;
}
