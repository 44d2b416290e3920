import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Violation } from '../outcomes/outcome.ts';
import type { CrossObjectCheck } from '../snapshot/cross-object-check.ts';
import type { Projection, Snapshot } from '../snapshot/snapshot.ts';
import { accessOf, isClusterWide } from './access.ts';
import { isDefaultBinding, userFacingRoles } from './default-objects.ts';
import { accountOfUser, everyone, namespaceOfGroup } from './subject.ts';
import { takeoversOf } from './takeover.ts';

/** Whether the API server or kubeadm created a binding with these subjects and this role, and the role has no further rule. */
function isFromSystem(binding: Projection, snapshot: Snapshot): boolean {
  return (
    isDefaultBinding(binding) &&
    accessOf(snapshot)
      .rolesOf(binding)
      .every(({ isDefault }) => isDefault)
  );
}

type SubjectTest = (kind: unknown, name: string) => boolean;

/** Whether a subject is the default service account, by its name, its user name or the group of all accounts of its namespace. */
const isDefaultAccount: SubjectTest = (kind, name) => {
  if (kind === 'ServiceAccount') return name === 'default';
  if (kind === 'User') return accountOfUser(name)?.name === 'default';
  return kind === 'Group' && namespaceOfGroup(name) !== undefined;
};

const subjectTests: Readonly<Record<string, SubjectTest>> = {
  'rbac-system-masters-binding': (kind, name) => kind === 'Group' && name === everyone.masters,
  'rbac-anonymous-binding': (kind, name) =>
    (kind === 'User' || kind === 'Group') && (name === everyone.anonymous || name === everyone.unauthenticated),
  'rbac-authenticated-binding': (kind, name) => kind === 'Group' && (name === everyone.authenticated || name === everyone.serviceAccounts),
  'rbac-default-service-account-binding': isDefaultAccount,
};

const roleRefOf = ({ body }: Projection): { readonly kind: unknown; readonly name: string } => {
  const { kind, name } = fieldsOf(body['roleRef']);
  return { kind, name: textOf(name) ?? '' };
};

const bindsClusterAdmin = (binding: Projection): boolean => {
  const { kind, name } = roleRefOf(binding);
  return kind === 'ClusterRole' && name === 'cluster-admin';
};

/** Fails a binding with subjects that the control looks for. The bindings of the API server and of kubeadm pass. */
export const bindingGrants: CrossObjectCheck = (binding, { control, snapshot }) => {
  if (isFromSystem(binding, snapshot)) return clean;
  if (control === 'rbac-cluster-admin-binding')
    return bindsClusterAdmin(binding) ? { violations: [{ path: 'roleRef' }], faults: [] } : clean;
  const test = subjectTests[control];
  const violations = listOf(binding.body['subjects']).flatMap((entry, index) => {
    const { kind, name } = fieldsOf(entry);
    const text = textOf(name) ?? '';
    return test?.(kind, text) === true ? [{ path: `subjects[${index}]`, label: text }] : [];
  });
  if (violations.length === 0) return clean;
  const takeover = control === 'rbac-authenticated-binding' && takeoversOf(snapshot).of(binding).length > 0;
  return { violations, faults: [], ...(takeover ? { severity: 'critical' } : {}) };
};

/**
 * Fails a binding that gives the rights of a powerful default role to others. Such a role is not judged itself. `admin` and `edit` are meant
 * for single namespaces. `cluster-admin` has a control of its own.
 */
export const defaultRoleBinding: CrossObjectCheck = (binding, { snapshot }) => {
  const { kind, name } = roleRefOf(binding);
  const roles = accessOf(snapshot).rolesOf(binding);
  if (bindsClusterAdmin(binding) || listOf(binding.body['subjects']).length === 0 || roles.length === 0) return clean;
  if (!roles.every(({ isDefault }) => isDefault) || isDefaultBinding(binding)) return clean;
  if (!isClusterWide(binding) && kind === 'ClusterRole' && userFacingRoles.includes(name)) return clean;
  return takeoversOf(snapshot).of(binding).length === 0 ? clean : { violations: [{ path: 'roleRef', label: name }], faults: [] };
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

/** Fails a binding whose role or service accounts do not exist. */
export const danglingBinding: CrossObjectCheck = (binding, { snapshot }) => {
  if (isFromSystem(binding, snapshot)) return clean;
  const missing = accessOf(snapshot).rolesOf(binding).length === 0 ? [{ path: 'roleRef', label: roleRefOf(binding).name }] : [];
  const violations = [...missing, ...missingAccounts(binding, snapshot)];
  return violations.length === 0 ? clean : { violations, faults: [] };
};
