import { stringLiteral, stringsLiteral } from '../translator/cel-literal.ts';
import type { NamedExpression } from './admission-policy.ts';
import type { NamespaceMatch } from './namespace-match.ts';

/** An entry that denies: the names of its checks, and its namespaces. */
export interface DenyingEntry {
  readonly checks: readonly string[];
  readonly namespaces: NamespaceMatch;
}

type Requirement = NonNullable<NamespaceMatch['selector']['matchExpressions']>[number];

const isNamespace = "request.kind.kind == 'Namespace' && request.kind.group == ''";
const labels = 'variables.scopeLabels';

/** CEL: the labels that a namespace selector is compared with: those of the namespace, or of the Namespace of the request itself. */
const scopeLabels: NamedExpression = {
  name: 'scopeLabels',
  expression:
    `${isNamespace} ? (object != null && has(object.metadata.labels) ? dyn(object.metadata.labels) : dyn({})) : ` +
    '(namespaceObject != null && has(namespaceObject.metadata.labels) ? dyn(namespaceObject.metadata.labels) : dyn({}))',
};

function requirementText({ key, operator, values = [] }: Requirement): string {
  const has = `${stringLiteral(key)} in ${labels}`;
  const isOneOf = `(${has} && ${labels}[${stringLiteral(key)}] in ${stringsLiteral(values)})`;
  return { In: isOneOf, NotIn: `!${isOneOf}`, Exists: `(${has})`, DoesNotExist: `!(${has})` }[operator];
}

/** CEL: whether an entry applies in the namespace of the request. A selector does not limit other cluster-scoped objects. */
function appliesText({ selector: { matchExpressions = [] }, conditions }: NamespaceMatch): string {
  const selected = matchExpressions.map(requirementText).join(' && ');
  const parts = conditions.map(({ expression }) => `(${expression})`);
  if (selected !== '') parts.unshift(`((request.namespace == '' && !(${isNamespace})) || (${selected}))`);
  return parts.length === 0 ? 'true' : parts.join(' && ');
}

/**
 * Returns the variables with the checks that other entries refuse for a request, so that a warning does not repeat a refusal. `checks`: those of
 * the entry that warns. Empty if no entry refuses one of them.
 */
export function deniedVariables(checks: readonly string[], denying: readonly DenyingEntry[]): readonly NamedExpression[] {
  const shared = denying
    .map((entry) => ({ ...entry, checks: entry.checks.filter((check) => checks.includes(check)) }))
    .filter((entry) => entry.checks.length > 0);
  if (shared.length === 0) return [];
  const lists = shared.map((entry) => `(${appliesText(entry.namespaces)} ? ${stringsLiteral(entry.checks)} : [])`);
  return [scopeLabels, { name: 'denied', expression: lists.join(' + ') }];
}
