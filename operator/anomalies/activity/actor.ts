import { definedEntries } from '../../api/defined-entries.ts';
import type { AuditUser } from '../../audit/audit-event.ts';
import { nameTemplate, userTemplate } from '../facts/template-names.ts';

/**
 * The kind of an actor. `account`: a service account. `node`: a kubelet. `component`: another `system:` user. `manager`: only the name of a
 * field manager is known, which the client chose.
 */
export type ActorKind = 'user' | 'account' | 'node' | 'component' | 'anonymous' | 'manager';

/** Who did something. */
export interface Actor {
  readonly kind: ActorKind;
  /** As RBAC names it, or the name of a field manager. */
  readonly name: string;
  /** What is stable about it: the principal that the baseline knows. */
  readonly key: string;
  readonly groups: readonly string[];
  /** The namespace and the name of a service account. */
  readonly account?: { readonly namespace: string; readonly name: string };
  /** The name of the node, for a kubelet. */
  readonly node?: string;
  /** The pod, and its node, to which the token of the request is bound. */
  readonly token?: { readonly pod?: string; readonly node?: string };
}

const anonymousNames: ReadonlySet<string> = new Set(['', 'system:anonymous']);

/** Returns the actor of a user in an audit event. */
export function actorOf({ username, groups, extra }: AuditUser): Actor {
  if (anonymousNames.has(username)) return { kind: 'anonymous', name: 'system:anonymous', key: 'anonymous', groups };
  const [, prefix, first = '', second = ''] = /^system:(serviceaccount|node):([^:]+)(?::(.+))?$/.exec(username) ?? [];
  if (prefix === 'serviceaccount') return { ...accountActor(first, second, groups), ...definedEntries({ token: tokenOf(extra) }) };
  if (prefix === 'node' && isOfNodes(groups)) return { kind: 'node', name: username, key: 'nodes', groups, node: first };
  if (username.startsWith('system:')) return { kind: 'component', name: username, key: `component:${username}`, groups };
  return { kind: 'user', name: username, key: `user:${userTemplate(username)}`, groups };
}

/** The node authorizer bounds only members of this group. Logs of some clouds have no groups. */
const isOfNodes = (groups: readonly string[]): boolean => groups.length === 0 || groups.includes('system:nodes');

/** Returns the actor of a service account. */
export function accountActor(namespace: string, name: string, groups: readonly string[] = []): Actor {
  return {
    kind: 'account',
    name: `system:serviceaccount:${namespace}:${name}`,
    key: accountKey(namespace, name),
    groups,
    account: { namespace, name },
  };
}

/** The principal of a service account, without generated suffixes. */
export const accountKey = (namespace: string, name: string): string => `account:${nameTemplate(namespace)}/${nameTemplate(name)}`;

/** Returns the actor of which only the field manager is known. */
export const managerActor = (manager: string): Actor => ({
  kind: 'manager',
  name: manager,
  key: `manager:${nameTemplate(manager)}`,
  groups: [],
});

/** The pod, and its node, to which the token of a user is bound. Undefined: it is bound to none. */
export function tokenOf(extra: AuditUser['extra']): Actor['token'] {
  const pod = extra['authentication.kubernetes.io/pod-name']?.[0];
  const node = extra['authentication.kubernetes.io/node-name']?.[0];
  return pod === undefined && node === undefined ? undefined : definedEntries({ pod, node });
}

/** Whether the actor is the control plane, a kubelet or an account of kube-system: what an upgrade changes. */
export const isSystem = ({ kind, account }: Actor): boolean =>
  kind === 'component' || kind === 'node' || (kind === 'account' && account?.namespace === 'kube-system');

/** The components of the control plane, and of its variants k3s and RKE2. They are there before anything else. */
const components: ReadonlySet<string> = new Set(
  (
    'apiserver kube-controller-manager kube-scheduler kube-proxy cloud-controller-manager kube-aggregator ' +
    'k3s-controller k3s-supervisor rke2-controller rke2-supervisor'
  )
    .split(' ')
    .map((name) => `system:${name}`),
);

/** Whether the actor is a component of the control plane or a kubelet: it is no newcomer when it is first seen. */
export const isControlPlane = ({ kind, name }: Actor): boolean => kind === 'node' || components.has(name);

/** Whether the actor is a person, as far as can be seen. */
export const isPerson = ({ kind }: Actor): boolean => kind === 'user';
