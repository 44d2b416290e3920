import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';
import { Snapshot } from '../../../operator/engine/snapshot/snapshot.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const at = (name: string, namespace?: string): object => ({ name, ...(namespace === undefined ? {} : { namespace }) });

/** The fields of a rule. */
export interface RuleFields {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** Returns a Role, or a ClusterRole without a namespace. */
export const role = (name: string, rules: readonly RuleFields[], namespace?: string): KubernetesObject => ({
  apiVersion,
  kind: namespace === undefined ? 'ClusterRole' : 'Role',
  metadata: at(name, namespace),
  rules,
});

/** Returns a ClusterRole with labels that gathers the roles with a label. */
export const gathering = (name: string, label: string, labels: object = {}): KubernetesObject => ({
  ...role(name, []),
  metadata: { name, labels },
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
});

/** Returns a RoleBinding, or a ClusterRoleBinding without a namespace. `roleRef`: such as `ClusterRole/edit`. */
export function binding(name: string, roleRef: string, subjects: readonly object[], namespace?: string): KubernetesObject {
  const [kind, role] = roleRef.split('/');
  const own = namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
  return { apiVersion, kind: own, metadata: at(name, namespace), roleRef: { kind, name: role }, subjects };
}

export const user = (name: string): object => ({ kind: 'User', name });
export const account = (name: string, namespace?: string): object => ({ kind: 'ServiceAccount', ...at(name, namespace) });

export function snapshotOf(objects: readonly KubernetesObject[]): Snapshot {
  const snapshot = new Snapshot();
  for (const object of objects) snapshot.add(object);
  return snapshot;
}
