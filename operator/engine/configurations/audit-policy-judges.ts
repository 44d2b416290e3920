import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { clean, type Outcome, type Violation } from '../outcomes/outcome.ts';
import { type AuditDecision, auditDecision, type AuditedRequest, auditLevels, auditPolicyFaults } from './audit-policy.ts';

const request = (verb: string, resource: string, group = '', namespace = 'shop'): AuditedRequest => ({ verb, group, resource, namespace });
const rbac = 'rbac.authorization.k8s.io';

/** The requests without which an attack leaves no trace. */
const important: readonly (readonly [label: string, request: AuditedRequest])[] = [
  ['reading Secrets', request('get', 'secrets')],
  ['changing Secrets', request('update', 'secrets')],
  ['creating pods', request('create', 'pods')],
  ['pods/exec', request('create', 'pods/exec')],
  ['tokens of ServiceAccounts', request('create', 'serviceaccounts/token')],
  ['RoleBindings', request('create', 'rolebindings', rbac)],
  ['ClusterRoleBindings', request('create', 'clusterrolebindings', rbac, '')],
];

/** The requests with a credential in their body or in the response, and the lowest level that records it. */
const secret: readonly (readonly [label: string, request: AuditedRequest, level: 'Request' | 'RequestResponse'])[] = [
  ['Secrets', request('get', 'secrets'), 'RequestResponse'],
  ['Secrets', request('create', 'secrets'), 'Request'],
  ['Secrets', request('update', 'secrets'), 'Request'],
  ['Secrets', request('patch', 'secrets'), 'Request'],
  ['tokens of ServiceAccounts', request('create', 'serviceaccounts/token'), 'RequestResponse'],
  ['TokenReviews', request('create', 'tokenreviews', 'authentication.k8s.io', ''), 'Request'],
];

/** A violation for each rule, with the labels of its requests. */
function outcomeOf(found: readonly (readonly [label: string, decision: AuditDecision])[]): Outcome {
  if (found.length === 0) return clean;
  const byPath = Map.groupBy(found, ([, { rule }]) => (rule === undefined ? 'rules' : `rules[${rule}]`));
  const violations = [...byPath].map(([path, all]): Violation => ({ path, label: [...new Set(all.map(([label]) => label))].join(', ') }));
  return { violations, faults: [] };
}

/** Fails if an audit policy records nothing of requests that matter for security. */
export function auditCoverage(policy: KubernetesObject): Outcome {
  const faults = auditPolicyFaults(policy);
  if (faults.length > 0) return { violations: [], faults };
  const decisions = important.map(([label, each]) => [label, auditDecision(policy, each)] as const);
  return outcomeOf(decisions.filter(([, { level }]) => level === 'None'));
}

/** Fails if an audit policy records the content of Secrets, or tokens. */
export function auditedCredentials(policy: KubernetesObject): Outcome {
  const faults = auditPolicyFaults(policy);
  if (faults.length > 0) return { violations: [], faults };
  const decisions = secret.map(([label, each, least]) => ({ label, least, decision: auditDecision(policy, each) }));
  const recorded = decisions.filter(({ decision, least }) => auditLevels.indexOf(decision.level) >= auditLevels.indexOf(least));
  return outcomeOf(recorded.map(({ label, decision }) => [label, decision] as const));
}
