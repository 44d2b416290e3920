import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import type { Projection, Snapshot } from './snapshot.ts';

const group = 'rbac.authorization.k8s.io';
const bindingKinds = [`RoleBinding.${group}`, `ClusterRoleBinding.${group}`] as const;

/** All bindings of a snapshot. */
export function bindingsOf(snapshot: Snapshot): readonly Projection[] {
  return bindingKinds.flatMap((kind) => snapshot.all(kind));
}

/** The key of a subject in the index. A service account without a namespace is in the namespace of the binding. */
function keyOf(subject: unknown, binding: Projection): string {
  const { kind, name, namespace } = fieldsOf(subject);
  const account = textOf(namespace) ?? '';
  const place = kind === 'ServiceAccount' ? (account === '' ? (binding.reference.namespace ?? '') : account) : '';
  return `${textOf(kind) ?? ''}/${place}/${textOf(name) ?? ''}`;
}

/** The bindings by subject. Computed once per snapshot. */
const bySubject = new WeakMap<Snapshot, ReadonlyMap<string, readonly Projection[]>>();

function subjectIndex(snapshot: Snapshot): ReadonlyMap<string, readonly Projection[]> {
  const known = bySubject.get(snapshot);
  if (known !== undefined) return known;
  const index = new Map<string, Projection[]>();
  for (const binding of bindingsOf(snapshot)) {
    for (const key of new Set(listOf(binding.body['subjects']).map((subject) => keyOf(subject, binding)))) {
      const list = index.get(key);
      if (list === undefined) index.set(key, [binding]);
      else list.push(binding);
    }
  }
  bySubject.set(snapshot, index);
  return index;
}

/**
 * Returns the bindings that grant permissions to a service account in any namespace: by its name, by its user name, or by a group of all
 * service accounts.
 */
export function bindingsOfAccount(snapshot: Snapshot, namespace: string, account: string): readonly Projection[] {
  const index = subjectIndex(snapshot);
  const names = [
    `ServiceAccount/${namespace}/${account}`,
    `User//system:serviceaccount:${namespace}:${account}`,
    'Group//system:authenticated',
    'Group//system:serviceaccounts',
    `Group//system:serviceaccounts:${namespace}`,
  ];
  return [...new Set(names.flatMap((name) => index.get(name) ?? []))];
}
