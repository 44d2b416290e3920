import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import { selectorMatch } from '../objects/label-selector.ts';
import type { Projection, Snapshot } from './snapshot.ts';

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

/** The permissions of the default roles, as far as controls check them. Used if the roles are not among the objects. */
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

/** The names of the default user-facing roles. */
export const defaultRoleNames: readonly string[] = [...defaultRules.keys()];

const group = 'rbac.authorization.k8s.io';

/** Returns the rules of the role that a binding refers to. Undefined if there is no such role. */
export function rulesOfBinding(binding: Projection, snapshot: Snapshot): unknown {
  const { kind, name } = fieldsOf(binding.body['roleRef']);
  const role = textOf(name) ?? '';
  if (kind === 'Role') return snapshot.find(`Role.${group}`, binding.reference.namespace ?? '', role)?.body['rules'];
  return rulesOfClusterRole(role, snapshot);
}

function rulesOfClusterRole(role: string, snapshot: Snapshot): unknown {
  const found = snapshot.find(`ClusterRole.${group}`, '', role);
  if (found === undefined && !defaultRules.has(role)) return undefined;
  const own = found?.body['rules'] ?? defaultRules.get(role);
  const selectors = found === undefined ? defaultSelectors(role) : selectorsOf(found);
  return selectors.length === 0 ? own : [...listOf(own), ...aggregated(selectors, snapshot, new Set([role]))];
}

/** The selectors of an aggregated ClusterRole. */
function selectorsOf({ body }: Projection): readonly unknown[] {
  return listOf(fieldsOf(body['aggregationRule'])['clusterRoleSelectors']);
}

/** The selectors of a default role that is not among the objects. */
function defaultSelectors(role: string): readonly unknown[] {
  const aggregatedLevels: Readonly<Record<string, readonly string[]>> = {
    admin: ['admin', 'edit', 'view'],
    edit: ['edit', 'view'],
    view: ['view'],
  };
  return (aggregatedLevels[role] ?? []).map((level) => ({ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${level}`]: 'true' } }));
}

/** Returns the rules of all ClusterRoles that the selectors match, like the aggregation controller of Kubernetes. */
function aggregated(selectors: readonly unknown[], snapshot: Snapshot, seen: Set<string>): readonly unknown[] {
  const matches = selectors.map(selectorMatch);
  return snapshot.all(`ClusterRole.${group}`).flatMap((role) => {
    if (seen.has(role.reference.name) || !matches.some((match) => match(role.labels))) return [];
    seen.add(role.reference.name);
    return [...listOf(role.body['rules']), ...aggregated(selectorsOf(role), snapshot, seen)];
  });
}
