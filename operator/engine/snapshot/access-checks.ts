import { lowered, type Severity } from '../../catalogue/controls/severity.ts';
import { controlById } from '../../catalogue/controls/catalogue.ts';
import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Violation, type Outcome } from '../outcomes/outcome.ts';
import { type Projection, type Snapshot, workloadOf } from './snapshot.ts';
import { bindingsOf, bindingsOfAccount } from './account-bindings.ts';
import { defaultRoleNames, rulesOfBinding } from './default-roles.ts';
import { grantingRules, takeoverControls } from './grants.ts';
import type { CrossObjectCheck, CrossObjectQuery } from './cross-object-check.ts';

/** Whether Kubernetes created the object. Such objects are exempt from the rbac controls. */
function isSystem({ reference, labels }: Projection): boolean {
  return reference.name.startsWith('system:') || labels['kubernetes.io/bootstrapping'] === 'rbac-defaults';
}

/** The roles that a binding with subjects refers to, by kind, namespace and name. Computed once per snapshot. */
const heldRoles = new WeakMap<Snapshot, ReadonlySet<string>>();

function held(snapshot: Snapshot): ReadonlySet<string> {
  const known = heldRoles.get(snapshot);
  if (known !== undefined) return known;
  const names = new Set<string>();
  for (const { body, reference } of bindingsOf(snapshot)) {
    if (listOf(body['subjects']).length === 0) continue;
    const { kind, name } = fieldsOf(body['roleRef']);
    names.add(kind === 'Role' ? `Role/${reference.namespace ?? ''}/${textOf(name) ?? ''}` : `ClusterRole//${textOf(name) ?? ''}`);
  }
  heldRoles.set(snapshot, names);
  return names;
}

function isBound({ reference: { kind, namespace, name } }: Projection, snapshot: Snapshot): boolean {
  return held(snapshot).has(kind === 'Role' ? `Role/${namespace ?? ''}/${name}` : `ClusterRole//${name}`);
}

function severityOf(control: string): Severity {
  return controlById(control)?.severity ?? 'medium';
}

/**
 * Fails a role that grants the control's permissions. The severity is lower if the role grants few of them or is not bound to a subject.
 */
const roleGrants: CrossObjectCheck = (role, { control, snapshot }) => {
  const isClusterRole = role.reference.kind === 'ClusterRole';
  if (isSystem(role) || (isClusterRole && (defaultRoleNames.includes(role.reference.name) || role.body['aggregationRule'] !== undefined)))
    return clean;
  const rules = grantingRules(role.body['rules'], control);
  if (rules.length === 0) return clean;
  const bound = isBound(role, snapshot);
  const steps = [
    !bound,
    control === 'rbac-read-secrets' && rules.every(({ named }) => named),
    !isClusterRole && rules.every(({ clusterScoped }) => clusterScoped),
  ];
  const base = control === 'rbac-modify-configmaps' && role.reference.namespace === 'kube-system' ? 'high' : severityOf(control);
  const severity = steps.filter(Boolean).reduce<Severity>(lowered, base);
  return { violations: rules.map(({ index }) => ({ path: `rules[${index}]` })), faults: [], severity, bound };
};

type SubjectTest = (subject: Readonly<Record<string, unknown>>) => boolean;
const names =
  (kind: string, ...wanted: readonly string[]): SubjectTest =>
  (subject) =>
    subject['kind'] === kind && wanted.includes(textOf(subject['name']) ?? '');

const subjectTests: Readonly<Record<string, SubjectTest>> = {
  'rbac-system-masters-binding': names('Group', 'system:masters'),
  'rbac-anonymous-binding': ({ kind, name }) =>
    (kind === 'User' || kind === 'Group') && (name === 'system:anonymous' || name === 'system:unauthenticated'),
  'rbac-authenticated-binding': names('Group', 'system:authenticated', 'system:serviceaccounts'),
  'rbac-default-service-account-binding': names('ServiceAccount', 'default'),
};
/** Bindings that kubeadm creates for nodes that join the cluster. */
const bootstrapBindings: ReadonlySet<string> = new Set(['kubeadm:bootstrap-signer-clusterinfo']);

function violatingSubjects({ control }: CrossObjectQuery, binding: Projection): readonly Violation[] {
  if (control === 'rbac-cluster-admin-binding') {
    const { kind, name } = fieldsOf(binding.body['roleRef']);
    return kind === 'ClusterRole' && name === 'cluster-admin' && binding.reference.name !== 'cluster-admin' ? [{ path: 'roleRef' }] : [];
  }
  if (control === 'rbac-anonymous-binding' && bootstrapBindings.has(binding.reference.name)) return [];
  const test = subjectTests[control];
  return listOf(binding.body['subjects'])
    .map(fieldsOf)
    .flatMap((subject, index) => (test?.(subject) === true ? [{ path: `subjects[${index}]`, label: textOf(subject['name']) ?? '' }] : []));
}

const bindingGrants: CrossObjectCheck = (binding, query) => {
  if (isSystem(binding)) return clean;
  const violations = violatingSubjects(query, binding);
  if (violations.length === 0) return clean;
  const takeover = query.control === 'rbac-authenticated-binding' && leadsToTakeover(binding, query.snapshot).length > 0;
  return { violations: violations, faults: [], ...(takeover ? { severity: 'critical' } : {}) };
};

/** The takeover controls by binding. Computed once, because a projection belongs to one snapshot. */
const takeovers = new WeakMap<Projection, readonly string[]>();

/** The takeover controls whose permissions the binding grants in its scope. */
function leadsToTakeover(binding: Projection, snapshot: Snapshot): readonly string[] {
  const known = takeovers.get(binding);
  if (known !== undefined) return known;
  const rules = rulesOfBinding(binding, snapshot);
  const clusterWide = binding.reference.kind === 'ClusterRoleBinding';
  const found = takeoverControls.filter((control) =>
    grantingRules(rules, control).some(({ clusterScoped }) => clusterWide || !clusterScoped),
  );
  takeovers.set(binding, found);
  return found;
}

const describeBinding = ({ reference: { kind, name } }: Projection): string => `${kind} ${name}`;

function workloadViolations(workload: Projection, labels: readonly string[]): Outcome {
  if (labels.length === 0) return clean;
  const { prefix } = workloadOf(workload);
  const sorted = [...new Set(labels)].sort();
  return { violations: sorted.map((label) => ({ path: `${prefix}spec.serviceAccountName`, label })), faults: [] };
}

const adminServiceAccount: CrossObjectCheck = (workload, { snapshot }) => {
  const bindings = bindingsOfAccount(snapshot, workload.reference.namespace ?? '', workloadOf(workload).serviceAccount);
  const admin = bindings.filter((binding) => grantingRules(rulesOfBinding(binding, snapshot), 'rbac-wildcard-all').length > 0);
  return workloadViolations(workload, admin.map(describeBinding));
};

const takeoverPermissions: CrossObjectCheck = (workload, { snapshot }) => {
  const bindings = bindingsOfAccount(snapshot, workload.reference.namespace ?? '', workloadOf(workload).serviceAccount);
  return workloadViolations(
    workload,
    bindings.flatMap((binding) => leadsToTakeover(binding, snapshot)),
  );
};

function automounts(workload: Projection, snapshot: Snapshot): boolean {
  const { automount, serviceAccount } = workloadOf(workload);
  if (automount !== undefined) return automount;
  return (
    snapshot.find('ServiceAccount', workload.reference.namespace ?? '', serviceAccount)?.body['automountServiceAccountToken'] !== false
  );
}

const tokenAutomount: CrossObjectCheck = (subject, { snapshot }) => {
  if (subject.groupKind === 'ServiceAccount') {
    return subject.body['automountServiceAccountToken'] === false
      ? clean
      : { violations: [{ path: 'automountServiceAccountToken' }], faults: [] };
  }
  if (!automounts(subject, snapshot)) return clean;
  return { violations: [{ path: `${workloadOf(subject).prefix}spec.automountServiceAccountToken` }], faults: [] };
};

const defaultServiceAccount: CrossObjectCheck = (workload, { snapshot }) => {
  const { serviceAccount, prefix } = workloadOf(workload);
  if (serviceAccount !== 'default' || !automounts(workload, snapshot)) return clean;
  return { violations: [{ path: `${prefix}spec.serviceAccountName` }], faults: [] };
};

const missingServiceAccount: CrossObjectCheck = (workload, { snapshot }) => {
  const { serviceAccount, prefix } = workloadOf(workload);
  const exists =
    serviceAccount === 'default' || snapshot.find('ServiceAccount', workload.reference.namespace ?? '', serviceAccount) !== undefined;
  return exists ? clean : { violations: [{ path: `${prefix}spec.serviceAccountName`, label: serviceAccount }], faults: [] };
};

function missingAccounts(binding: Projection, snapshot: Snapshot): readonly Violation[] {
  return listOf(binding.body['subjects']).flatMap((entry, index) => {
    const { kind, name, namespace } = fieldsOf(entry);
    const account = textOf(name) ?? '';
    const exists =
      account === 'default' ||
      snapshot.find('ServiceAccount', textOf(namespace) ?? binding.reference.namespace ?? '', account) !== undefined;
    return kind === 'ServiceAccount' && !exists ? [{ path: `subjects[${index}]`, label: account }] : [];
  });
}

const danglingBinding: CrossObjectCheck = (binding, { snapshot }) => {
  if (isSystem(binding)) return clean;
  const role = textOf(fieldsOf(binding.body['roleRef'])['name']) ?? '';
  const noRole = rulesOfBinding(binding, snapshot) === undefined && !role.startsWith('system:');
  const violations = [...(noRole ? [{ path: 'roleRef', label: role }] : []), ...missingAccounts(binding, snapshot)];
  return violations.length === 0 ? clean : { violations: violations, faults: [] };
};

/** The checks of roles, bindings and service accounts, by the names that controls use. */
export const accessChecks: Readonly<Record<string, CrossObjectCheck>> = {
  roleGrants,
  bindingGrants,
  adminServiceAccount,
  takeoverPermissions,
  tokenAutomount,
  defaultServiceAccount,
  missingServiceAccount,
  danglingBinding,
};
