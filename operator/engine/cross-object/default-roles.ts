import { fieldsOf, textOf } from '../kubernetes-object.ts';
import type { Projection, Snapshot } from '../snapshot.ts';

const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
const workloadWrite = [
  {
    apiGroups: [''],
    resources: ['pods', 'replicationcontrollers', 'services', 'configmaps', 'serviceaccounts'],
    verbs: ['create', 'delete', 'patch', 'update'],
  },
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'daemonsets', 'replicasets', 'statefulsets'],
    verbs: ['create', 'delete', 'patch', 'update'],
  },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: ['create', 'delete', 'patch', 'update'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch', 'create', 'delete', 'patch', 'update'] },
  { apiGroups: [''], resources: ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
];

/** What the roles that every cluster has grant of what the controls look for; used where the roles themselves are not among the objects. */
const defaultRules: ReadonlyMap<string, readonly object[]> = new Map<string, readonly object[]>([
  ['cluster-admin', everything],
  [
    'admin',
    [
      ...workloadWrite,
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['roles', 'rolebindings'],
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
      },
    ],
  ],
  ['edit', workloadWrite],
  ['view', []],
]);

/** The default user-facing roles by name. */
export const defaultRoleNames: readonly string[] = [...defaultRules.keys()];

const group = 'rbac.authorization.k8s.io';

/** The role that a binding refers to; its rules are undefined when there is no such role. */
export function rulesOfBinding(binding: Projection, snapshot: Snapshot): unknown {
  const { kind, name } = fieldsOf(binding.body['roleRef']);
  const role = textOf(name) ?? '';
  if (kind === 'Role') return snapshot.find(`Role.${group}`, binding.reference.namespace ?? '', role)?.body['rules'];
  return snapshot.find(`ClusterRole.${group}`, '', role)?.body['rules'] ?? defaultRules.get(role);
}
