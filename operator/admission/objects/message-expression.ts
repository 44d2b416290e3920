import { stringLiteral } from '../translator/cel-literal.ts';
import type { NamedExpression } from './admission-policy.ts';

/** CEL: whether a violation is new, and not one of a check that another entry refuses. */
const isNew = (denied: boolean): string =>
  `!variables.failedBefore.exists(before, violation in before)${denied ? ' && !(violation[0] in variables.denied)' : ''}`;

/** CEL: whether one of the exceptions `covering`, which name the check, covers a violation. */
const isCovered =
  "covering.exists(waiver, !has(waiver.containers) || violation[1].startsWith('container ') && violation[1].substring(10) in waiver.containers)";

/** CEL: the new violations. Violations of a check are compared with the exceptions that name the check, which are chosen once. */
const remaining = (waives: boolean, denied: boolean): string => {
  const left = waives
    ? `[variables.waivers.filter(waiver, check[0][0] in waiver.checks)].map(covering, check.filter(violation, ${isNew(denied)} && !${isCovered}))[0]`
    : `check.filter(violation, ${isNew(denied)})`;
  return `variables.failing.map(check, ${left}).filter(check, check.size() > 0)`;
};

/**
 * The variables that compute the new violations from `failing` and `failedBefore`. `denied`: the variables `scopeLabels` and `denied` with the
 * checks that another entry refuses for this request, which are left out. With `waives`, violations that an exception in force
 * covers are left out: the variable `waivers` has the exceptions that match the object.
 */
export function newViolations(waives: boolean, denied: readonly NamedExpression[] = []): readonly NamedExpression[] {
  return [...(waives ? waiverVariables : []), ...denied, { name: 'new', expression: remaining(waives, denied.length > 0) }];
}

const labelsMatch = (field: string, labels: string): string =>
  `(!has(waiver.${field}) || waiver.${field}.all(label, label.operator == 'In' ? label.key in ${labels} && ${labels}[label.key] in label.values : label.operator == 'NotIn' ? !(label.key in ${labels} && ${labels}[label.key] in label.values) : (label.operator == 'Exists') == (label.key in ${labels})))`;

/**
 * The most containers of the exceptions that match one object. An exception without containers counts as one. The API server stops an evaluation
 * that costs too much, and then admits the object: too many exceptions must not switch off a check, so that none of them applies.
 */
const mostMatching = 100;

/** The exceptions in force that match the object, as the variable `waivers`. */
const waiverVariables: readonly NamedExpression[] = [
  {
    name: 'objectLabels',
    expression: 'object != null && has(object.metadata.labels) ? dyn(object.metadata.labels) : dyn({})',
  },
  {
    name: 'namespaceLabels',
    expression: 'namespaceObject != null && has(namespaceObject.metadata.labels) ? dyn(namespaceObject.metadata.labels) : dyn({})',
  },
  {
    name: 'matching',
    expression: `!has(params.waivers) ? [] : params.waivers.filter(waiver, ${[
      `(request.namespace == '' ? has(waiver.clusterScoped) && waiver.clusterScoped : !has(waiver.namespaces) || waiver.namespaces.exists(name, request.namespace.matches(name)))`,
      `!(has(waiver.excludedNamespaces) && waiver.excludedNamespaces.exists(name, request.namespace.matches(name)))`,
      // A SecurityException, whose id has its namespace, does not cover the Namespace itself.
      `!(waiver.exception.contains('/') && request.kind.kind == 'Namespace' && request.kind.group == '')`,
      labelsMatch('namespaceLabels', 'variables.namespaceLabels'),
      `(!has(waiver.apiGroup) || waiver.apiGroup == request.kind.group)`,
      `(!has(waiver.kind) || waiver.kind == request.kind.kind)`,
      `(!has(waiver.names) || waiver.names.exists(name, request.name.matches(name)))`,
      labelsMatch('labels', 'variables.objectLabels'),
    ].join(' && ')})`,
  },
  {
    name: 'overloaded',
    expression: `variables.matching.map(waiver, has(waiver.containers) ? waiver.containers.size() : 1).sum() > ${mostMatching}`,
  },
  { name: 'waivers', expression: 'variables.overloaded ? [] : variables.matching' },
];

/** CEL: why no exception applies to the object, or the empty text. */
const overload = `(variables.overloaded ? '; no exception applies, because more than ${mostMatching} match the object' : '')`;

/** CEL: kind and name of the object of the request, such as `Deployment web`. */
const objectName = `request.kind.kind + (request.name != '' ? ' ' + request.name : object != null && has(object.metadata.generateName) ? ' ' + object.metadata.generateName : '')`;

/** CEL: the new violations, such as `privileged-container (container app), host-pid`. A third item of a violation is its text. */
const violations =
  "variables.new.map(check, check[0][0] + (check.exists(violation, violation[1] != '') ? ' (' + check.filter(violation, violation[1] != '').map(violation, violation.size() > 2 ? violation[1] + ': ' + violation[2] : violation[1]).join(', ') + ')' : '')).join(', ')";

/** The longest list of violations in a message, in characters. The API server ignores messages of more than 5 KiB. */
const longest = 1000;

/** Returns the messageExpression of a policy. `waives`: whether exceptions apply. `text`: CEL of the new violations. */
export function messageExpression(policy: string, waives: boolean, text = violations): string {
  const shortened = `[${text}].map(text, text.size() > ${longest} ? text.substring(0, ${longest}) + '…' : text)[0]`;
  return `${objectName} + ${stringLiteral(` breaks SecurityPolicy/${policy}: `)} + ${shortened}${waives ? ` + ${overload}` : ''} + '. kubectl vigil explain CHECK'`;
}
