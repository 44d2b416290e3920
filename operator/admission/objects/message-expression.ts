import { stringLiteral } from '../translator/cel-literal.ts';
import type { NamedExpression } from './admission-policy.ts';

/** CEL: a list of violations without those that existed before the request, and without those that an exception covers. */
const remaining = (covers: string): string =>
  `variables.failing.map(check, check.filter(violation, !variables.failedBefore.exists(before, violation in before)${covers})).filter(check, check.size() > 0)`;

const notWaived =
  " && !variables.waivers.exists(waiver, violation[0] in waiver.checks && (!has(waiver.containers) || waiver.containers.exists(name, violation[1] == 'container ' + name)))";

/**
 * The variables that compute the new violations from `failing` and `failedBefore`. `denied`: the variables `scopeLabels` and `denied` with the
 * checks that another entry refuses for this request, which are left out. With `waives`, violations that an exception in force
 * covers are left out: the variable `waivers` has the exceptions that match the object.
 */
export function newViolations(waives: boolean, denied: readonly NamedExpression[] = []): readonly NamedExpression[] {
  const covers = [...(waives ? [notWaived] : []), ...(denied.length > 0 ? [' && !(violation[0] in variables.denied)'] : [])];
  return [...(waives ? waiverVariables : []), ...denied, { name: 'new', expression: remaining(covers.join('')) }];
}

const labelsMatch = (field: string, labels: string): string =>
  `(!has(waiver.${field}) || waiver.${field}.all(label, label.operator == 'In' ? label.key in ${labels} && ${labels}[label.key] in label.values : label.operator == 'NotIn' ? !(label.key in ${labels} && ${labels}[label.key] in label.values) : (label.operator == 'Exists') == (label.key in ${labels})))`;

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
    name: 'waivers',
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
];

/** CEL: kind and name of the object of the request, such as `Deployment web`. */
const objectName = `request.kind.kind + (request.name != '' ? ' ' + request.name : object != null && has(object.metadata.generateName) ? ' ' + object.metadata.generateName : '')`;

/** CEL: the new violations, such as `privileged-container (container app), host-pid`. A third item of a violation is its text. */
const violations =
  "variables.new.map(check, check[0][0] + (check.exists(violation, violation[1] != '') ? ' (' + check.filter(violation, violation[1] != '').map(violation, violation.size() > 2 ? violation[1] + ': ' + violation[2] : violation[1]).join(', ') + ')' : '')).join(', ')";

/** The longest list of violations in a message, in characters. The API server ignores messages of more than 5 KiB. */
const longest = 1000;

/** Returns the messageExpression of a policy. `explain` adds the command that explains a check. */
export function messageExpression(policy: string, text = violations): string {
  const shortened = `[${text}].map(text, text.size() > ${longest} ? text.substring(0, ${longest}) + '…' : text)[0]`;
  return `${objectName} + ${stringLiteral(` breaks SecurityPolicy/${policy}: `)} + ${shortened} + '. kubectl vigil explain CHECK'`;
}
