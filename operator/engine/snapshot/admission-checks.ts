import { fieldsOf, listOf, textOf, textsOf } from '../objects/kubernetes-object.ts';
import { clean, skipped } from '../outcomes/outcome.ts';
import type { Snapshot } from './snapshot.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';

const group = 'admissionregistration.k8s.io';
const enforced: ReadonlySet<string> = new Set(['baseline', 'restricted']);
const any = (values: readonly string[], ...wanted: readonly string[]): boolean => values.some((value) => wanted.includes(value));

/** Whether an admission rule matches the creation of pods. */
function coversPods(rule: unknown): boolean {
  const { apiGroups, resources, operations } = fieldsOf(rule);
  return any(textsOf(apiGroups), '', '*') && any(textsOf(resources), 'pods', '*', '*/*') && any(textsOf(operations), 'CREATE', '*');
}

function webhookCovers(snapshot: Snapshot): boolean {
  return snapshot
    .all(`ValidatingWebhookConfiguration.${group}`)
    .flatMap(({ body }) => listOf(body['webhooks']))
    .flatMap((webhook) => listOf(fieldsOf(webhook)['rules']))
    .some(coversPods);
}

function policyCovers(snapshot: Snapshot): boolean {
  const bound = new Set(snapshot.all(`ValidatingAdmissionPolicyBinding.${group}`).map(({ body }) => textOf(body['policyName'])));
  return snapshot
    .all(`ValidatingAdmissionPolicy.${group}`)
    .some(
      ({ reference, body }) => bound.has(reference.name) && listOf(fieldsOf(body['matchConstraints'])['resourceRules']).some(coversPods),
    );
}

const admissionPresent: CrossObjectCheck = (_, { snapshot }) => {
  const namespaces = snapshot.all('Namespace');
  if (namespaces.length === 0) return skipped('no Namespace is among the objects: the cluster as a whole cannot be evaluated');
  const labelled = namespaces.some(({ labels }) => enforced.has(labels['pod-security.kubernetes.io/enforce'] ?? ''));
  return labelled || webhookCovers(snapshot) || policyCovers(snapshot) ? clean : { violations: [{ path: '' }], faults: [] };
};

/** The checks of the cluster as a whole, by the names that controls use. */
export const admissionChecks: Readonly<Record<string, CrossObjectCheck>> = { admissionPresent };
