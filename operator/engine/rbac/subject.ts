import { fieldsOf, textOf } from '../objects/kubernetes-object.ts';

/** Users and groups that the API server itself assigns. */
export const everyone = {
  authenticated: 'system:authenticated',
  serviceAccounts: 'system:serviceaccounts',
  anonymous: 'system:anonymous',
  unauthenticated: 'system:unauthenticated',
  masters: 'system:masters',
} as const;

/** The service account of a user name such as `system:serviceaccount:shop:app`. Undefined for other users. */
export function accountOfUser(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const [system, kind, namespace, name, ...rest] = user.split(':');
  if (system !== 'system' || kind !== 'serviceaccount' || rest.length > 0) return undefined;
  return namespace === undefined || namespace === '' || name === undefined || name === '' ? undefined : { namespace, name };
}

/** The namespace of a group such as `system:serviceaccounts:shop`, which has all service accounts of the namespace. */
export function namespaceOfGroup(group: string): string | undefined {
  const prefix = `${everyone.serviceAccounts}:`;
  return group.startsWith(prefix) && group.length > prefix.length ? group.slice(prefix.length) : undefined;
}

/**
 * The key of a subject of a binding, as `Kind/namespace/name`. The user of a service account has the key of the account. An account without
 * a namespace is in that of the binding, and in none for a ClusterRoleBinding.
 */
export function subjectKey(subject: unknown, bindingNamespace: string): string {
  const { kind, name, namespace } = fieldsOf(subject);
  const text = textOf(name) ?? '';
  if (kind === 'ServiceAccount') {
    const own = textOf(namespace) ?? '';
    return `ServiceAccount/${own === '' ? bindingNamespace : own}/${text}`;
  }
  const account = kind === 'User' ? accountOfUser(text) : undefined;
  return account === undefined ? `${textOf(kind) ?? ''}//${text}` : `ServiceAccount/${account.namespace}/${account.name}`;
}

/** The keys of the subjects that a service account is: itself, and the groups that the API server adds to its token. */
export function accountKeys(namespace: string, account: string): readonly string[] {
  return [
    `ServiceAccount/${namespace}/${account}`,
    `Group//${everyone.authenticated}`,
    `Group//${everyone.serviceAccounts}`,
    `Group//${everyone.serviceAccounts}:${namespace}`,
  ];
}
