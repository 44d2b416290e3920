import { type KubernetesObject, nameOf, namespaceOf } from '../../../operator/engine/objects/kubernetes-object.ts';
import type { AccessQuestion } from '../../../operator/engine/rbac/who-can.ts';
import type { Random } from '../../engine/schema/random-object.ts';

/** A user with groups, as the API server authenticates them. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

/** What is asked, and of whom. */
export interface AccessCase {
  readonly identity: Identity;
  readonly question: AccessQuestion;
}

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
const some = <Item>(random: Random, items: readonly Item[], most = 3): Item[] =>
  Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(random, items));
const times = <Item>(count: number, make: (index: number) => Item): Item[] => Array.from({ length: count }, (_, index) => make(index));

const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection', 'bind', 'impersonate'];
const groups = ['', 'apps', 'rbac.authorization.k8s.io', 'example.com'];
const names = ['one', 'two'];
const urls = ['/metrics', '/metrics/cadvisor', '/logs', '/healthz', '/debug/pprof/heap', '/'];
const targets: readonly Exclude<AccessQuestion['target'], { readonly url: string }>[] = [
  ...['pods', 'pods/exec', 'pods/log', 'secrets', 'serviceaccounts/token'].map((resource) => ({ group: '', resource, namespaced: true })),
  ...['deployments', 'deployments/scale'].map((resource) => ({ group: 'apps', resource, namespaced: true })),
  { group: 'rbac.authorization.k8s.io', resource: 'roles', namespaced: true },
  { group: '', resource: 'nodes', namespaced: false },
  { group: '', resource: 'nodes/proxy', namespaced: false },
  { group: 'rbac.authorization.k8s.io', resource: 'clusterroles', namespaced: false },
  { group: 'example.com', resource: 'things', namespaced: true },
];
const resourceEntries = [...targets.map(({ resource }) => resource), '*', '*/exec', '*/proxy', '*/*', 'pods/*', '*/scale'];
const urlEntries = ['/metrics', '/metrics/*', '/metrics*', '/*', '*', '/logs', '/debug/*', '/healthz**'];

function ruleOf(random: Random, isRole: boolean): object {
  const ofVerbs = random() < 0.15 ? ['*'] : some(random, verbs);
  if (!isRole && random() < 0.2) return { nonResourceURLs: some(random, urlEntries, 2), verbs: ofVerbs };
  const isNamed = random() < 0.25;
  return {
    apiGroups: random() < 0.15 ? ['*'] : some(random, groups, 2),
    resources: some(random, resourceEntries, 2),
    verbs: ofVerbs,
    ...(isNamed ? { resourceNames: some(random, names, 2) } : {}),
  };
}

/** Random roles and bindings whose names and labels begin with a prefix, so that they do not meet those of other runs. */
export class RandomAccess {
  readonly namespaces: readonly string[];
  readonly roles: readonly KubernetesObject[];
  readonly bindings: readonly KubernetesObject[];
  readonly #random: Random;
  readonly #prefix: string;

  constructor(random: Random, prefix: string) {
    this.#random = random;
    this.#prefix = prefix;
    this.namespaces = times(3, (index) => `${prefix}-${index}`);
    this.roles = [...times(60, (index) => this.#clusterRole(index)), ...times(30, (index) => this.#role(index))];
    this.bindings = [...times(40, (index) => this.#binding(index, false)), ...times(70, (index) => this.#binding(index, true))];
  }

  /** Returns a question about one of the identities that bindings name, or about another one. */
  case(): AccessCase {
    return { identity: this.#identity(), question: this.#question() };
  }

  #question(): AccessQuestion {
    const random = this.#random;
    if (random() < 0.15) return { verb: pick(random, ['get', 'create', 'list']), target: { url: pick(random, urls) } };
    const target = pick(random, targets);
    return {
      verb: pick(random, verbs),
      target,
      ...(target.namespaced ? { namespace: pick(random, this.namespaces) } : {}),
      ...(random() < 0.6 ? { name: pick(random, [...names, 'three']) } : {}),
    };
  }

  #identity(): Identity {
    const random = this.#random;
    if (random() < 0.6) {
      const namespace = pick(random, this.namespaces);
      const user = `system:serviceaccount:${namespace}:${pick(random, ['app', 'default'])}`;
      return { user, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'] };
    }
    const user = pick(
      random,
      ['jane', 'ken', 'unknown'].map((name) => `${this.#prefix}-${name}`),
    );
    return { user, groups: [...(random() < 0.5 ? [`${this.#prefix}-team`] : []), 'system:authenticated'] };
  }

  #clusterRole(index: number): KubernetesObject {
    const random = this.#random;
    const label = (): string => `${this.#prefix}/${pick(random, ['a', 'b', 'c', 'd'])}`;
    const labels = random() < 0.5 ? { [label()]: 'true' } : {};
    const selectors = random() < 0.25 ? some(random, [{ matchLabels: { [label()]: 'true' } }, this.#expression(label())], 2) : [];
    return {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: `${this.#prefix}-${index}`, labels },
      rules: selectors.length > 0 ? [] : times(1 + Math.floor(random() * 2), () => ruleOf(random, false)),
      ...(selectors.length > 0 ? { aggregationRule: { clusterRoleSelectors: selectors } } : {}),
    };
  }

  #expression(key: string): object {
    const expression = this.#random() < 0.5 ? { key, operator: 'Exists' } : { key, operator: 'In', values: ['true', 'yes'] };
    return { matchExpressions: [expression] };
  }

  #role(index: number): KubernetesObject {
    return {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: `${this.#prefix}-${index}`, namespace: pick(this.#random, this.namespaces) },
      rules: times(2, () => ruleOf(this.#random, true)),
    };
  }

  #binding(index: number, inNamespace: boolean): KubernetesObject {
    const random = this.#random;
    const namespace = pick(random, this.namespaces);
    const roles = this.roles.filter((role) => role.kind === 'ClusterRole' || (inNamespace && namespaceOf(role) === namespace));
    const role = pick(random, roles);
    return {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: inNamespace ? 'RoleBinding' : 'ClusterRoleBinding',
      metadata: { name: `${this.#prefix}-${index}`, ...(inNamespace ? { namespace } : {}) },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role.kind, name: random() < 0.05 ? 'absent' : nameOf(role) },
      subjects: times(1 + Math.floor(random() * 2), () => this.#subject(inNamespace)),
    };
  }

  #subject(inNamespace: boolean): object {
    const random = this.#random;
    const namespace = pick(random, this.namespaces);
    const name = pick(random, ['app', 'default']);
    const ofRbac = { apiGroup: 'rbac.authorization.k8s.io' };
    return pick(random, [
      { kind: 'ServiceAccount', name, namespace },
      inNamespace ? { kind: 'ServiceAccount', name } : { kind: 'ServiceAccount', name, namespace },
      { kind: 'User', name: `system:serviceaccount:${namespace}:${name}`, ...ofRbac },
      { kind: 'Group', name: `system:serviceaccounts:${namespace}`, ...ofRbac },
      { kind: 'User', name: `${this.#prefix}-${pick(random, ['jane', 'ken'])}`, ...ofRbac },
      { kind: 'Group', name: `${this.#prefix}-team`, ...ofRbac },
      // A group in the place of a user, and the reverse, are nobody.
      { kind: 'User', name: `${this.#prefix}-team`, ...ofRbac },
      { kind: 'Group', name: `${this.#prefix}-jane`, ...ofRbac },
    ]);
  }
}
