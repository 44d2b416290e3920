import { type Fields, fieldsOf, isFields, listOf, textOf, textsOf } from '../objects/kubernetes-object.ts';
import { selectorMatch } from '../objects/label-selector.ts';
import { clean, skipped } from '../outcomes/outcome.ts';
import type { Projection, Snapshot } from './snapshot.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';

const group = 'admissionregistration.k8s.io';
const enforced: ReadonlySet<string> = new Set(['baseline', 'restricted']);
const any = (values: readonly string[], ...wanted: readonly string[]): boolean => values.some((value) => wanted.includes(value));

/** Whether an admission rule matches the creation of pods of every name. */
function coversPods(rule: unknown): boolean {
  const { apiGroups, apiVersions, resources, operations, resourceNames, scope } = fieldsOf(rule);
  return (
    any(textsOf(apiGroups), '', '*') &&
    any(textsOf(apiVersions), 'v1', '*') &&
    any(textsOf(resources), 'pods', '*', '*/*', 'pods/*') &&
    any(textsOf(operations), 'CREATE', '*') &&
    listOf(resourceNames).length === 0 &&
    scope !== 'Cluster'
  );
}

/** Whether a selector of namespaces, by default all, selects one of the snapshot. */
function reachesNamespace(selector: unknown, namespaces: readonly Projection[]): boolean {
  const selects = selectorMatch(selector);
  return namespaces.some(({ reference: { name }, labels }) => selects({ ...labels, 'kubernetes.io/metadata.name': name }));
}

/** Whether `matchConstraints` or `matchResources` match pods. `matchResources` without rules match what the policy matches. */
function matchesPods(match: Fields, namespaces: readonly Projection[], isBinding: boolean): boolean {
  const rules = listOf(match['resourceRules']);
  const matched = rules.some(coversPods) || (isBinding && rules.length === 0);
  return matched && !listOf(match['excludeResourceRules']).some(coversPods) && reachesNamespace(match['namespaceSelector'], namespaces);
}

function webhookCovers(snapshot: Snapshot, namespaces: readonly Projection[]): boolean {
  return snapshot
    .all(`ValidatingWebhookConfiguration.${group}`)
    .flatMap(({ body }) => listOf(body['webhooks']).map(fieldsOf))
    .some(({ rules, namespaceSelector }) => listOf(rules).some(coversPods) && reachesNamespace(namespaceSelector, namespaces));
}

/** The names of the policies with a binding that denies and that matches pods. */
function denyingPolicies(snapshot: Snapshot, namespaces: readonly Projection[]): ReadonlySet<string | undefined> {
  const denying = snapshot
    .all(`ValidatingAdmissionPolicyBinding.${group}`)
    .filter(({ body }) => textsOf(body['validationActions']).includes('Deny'))
    .filter(({ body }) => !isFields(body['matchResources']) || matchesPods(body['matchResources'], namespaces, true));
  return new Set(denying.map(({ body }) => textOf(body['policyName'])));
}

/** Whether a policy validates, and does not only add annotations to audit events. */
const validates = ({ validations, auditAnnotations }: Fields): boolean =>
  listOf(validations).length > 0 || listOf(auditAnnotations).length === 0;

function policyCovers(snapshot: Snapshot, namespaces: readonly Projection[]): boolean {
  const denying = denyingPolicies(snapshot, namespaces);
  return snapshot
    .all(`ValidatingAdmissionPolicy.${group}`)
    .some(
      ({ reference, body }) =>
        denying.has(reference.name) && validates(body) && matchesPods(fieldsOf(body['matchConstraints']), namespaces, false),
    );
}

const admissionPresent: CrossObjectCheck = (_, { snapshot }) => {
  const namespaces = snapshot.all('Namespace');
  if (namespaces.length === 0) return skipped('no Namespace is among the objects: the cluster as a whole cannot be evaluated');
  const labelled = namespaces.some(({ labels }) => enforced.has(labels['pod-security.kubernetes.io/enforce'] ?? ''));
  return labelled || webhookCovers(snapshot, namespaces) || policyCovers(snapshot, namespaces)
    ? clean
    : { violations: [{ path: '' }], faults: [] };
};

/** The checks of the cluster as a whole, by the names that controls use. */
export const admissionChecks: Readonly<Record<string, CrossObjectCheck>> = { admissionPresent };
