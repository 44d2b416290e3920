import { expect } from 'chai';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';
import { defaultRoleNames, rulesOfBinding } from '../../../operator/engine/snapshot/default-roles.ts';
import { Snapshot } from '../../../operator/engine/snapshot/snapshot.ts';

const group = 'rbac.authorization.k8s.io';
const object = (kind: string, name: string, fields: object, metadata: object = {}): KubernetesObject => {
  return { apiVersion: `${group}/v1`, kind, metadata: { name, ...metadata }, ...fields };
};
const role = (name: string, verb: string, labels: object = {}): KubernetesObject =>
  object('ClusterRole', name, { rules: [{ verbs: [verb] }] }, { labels });
const aggregate = (level: string): object => ({ [`${group}/aggregate-to-${level}`]: 'true' });
const aggregated = (name: string, ...levels: readonly string[]): KubernetesObject =>
  object('ClusterRole', name, {
    rules: [],
    aggregationRule: { clusterRoleSelectors: levels.map((level) => ({ matchLabels: aggregate(level) })) },
  });

/** The rules that a binding to a role gives, beside these objects. */
function rulesOf(kind: string, name: string, ...objects: readonly KubernetesObject[]): unknown {
  const snapshot = new Snapshot();
  for (const each of objects) snapshot.add(each, false);
  const home = kind === 'Role' ? { namespace: 'shop' } : {};
  snapshot.add(object(kind === 'Role' ? 'RoleBinding' : 'ClusterRoleBinding', 'b', { roleRef: { kind, name }, subjects: [] }, home), false);
  const [binding] = snapshot.all(`${kind === 'Role' ? 'RoleBinding' : 'ClusterRoleBinding'}.${group}`);
  return binding && rulesOfBinding(binding, snapshot);
}
const verbsOf = (rules: unknown): string[] => (rules as { readonly verbs: readonly string[] }[]).map(({ verbs }) => verbs.join());
/** The rules as `group/resource: verbs`. */
const lines = (rules: unknown): string[] =>
  (rules as Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>[]).flatMap(({ apiGroups, resources, verbs }) =>
    resources.map((resource) => `${apiGroups.join()}/${resource}: ${verbs.join(' ')}`),
  );

describe('the default roles of Kubernetes', () => {
  const write = 'create delete patch update';
  const edit = [
    ...['pods', 'replicationcontrollers', 'services', 'configmaps', 'serviceaccounts'].map((resource) => `/${resource}: ${write}`),
    ...['deployments', 'daemonsets', 'replicasets', 'statefulsets'].map((resource) => `apps/${resource}: ${write}`),
    ...['jobs', 'cronjobs'].map((resource) => `batch/${resource}: ${write}`),
    `/secrets: get list watch ${write}`,
    ...['attach', 'exec', 'portforward', 'proxy'].map((sub) => `/pods/${sub}: get create`),
    '/serviceaccounts: impersonate',
    '/serviceaccounts/token: create',
  ];
  const all = 'create delete get list patch update watch';

  it('have the permissions that controls check, if they are not among the objects', () => {
    expect(defaultRoleNames).to.deep.equal(['cluster-admin', 'admin', 'edit', 'view']);
    expect(lines(rulesOf('ClusterRole', 'cluster-admin'))).to.deep.equal(['*/*: *']);
    expect(lines(rulesOf('ClusterRole', 'edit'))).to.deep.equal(edit);
    expect(lines(rulesOf('ClusterRole', 'admin'))).to.deep.equal([...edit, `${group}/roles: ${all}`, `${group}/rolebindings: ${all}`]);
    expect(rulesOf('ClusterRole', 'view')).to.deep.equal([]);
  });

  it('have the rules of the object if it is there', () => {
    expect(verbsOf(rulesOf('ClusterRole', 'edit', role('edit', 'get')))).to.deep.equal(['get']);
  });

  it('have the rules of the roles that are aggregated to them', () => {
    const roles = ['admin', 'edit', 'view'].map((level) => role(`x-${level}`, level, aggregate(level)));
    const added = (name: string): string[] => verbsOf(rulesOf('ClusterRole', name, ...roles)).filter((verb) => ['admin', 'edit', 'view'].includes(verb));
    expect(['admin', 'edit', 'view', 'cluster-admin'].map(added)).to.deep.equal([['admin', 'edit', 'view'], ['edit', 'view'], ['view'], []]);
  }); // prettier-ignore
});

describe('the rules of a binding', () => {
  it('are those of its ClusterRole, and undefined without one', () => {
    expect(verbsOf(rulesOf('ClusterRole', 'r', role('r', 'get'), role('other', 'list')))).to.deep.equal(['get']);
    expect(rulesOf('ClusterRole', 'r')).to.equal(undefined);
  });

  it('are those of the Role in its namespace', () => {
    const inNamespace = (namespace: string): KubernetesObject => object('Role', 'r', { rules: [{ verbs: [namespace] }] }, { namespace });
    expect(verbsOf(rulesOf('Role', 'r', inNamespace('web'), inNamespace('shop')))).to.deep.equal(['shop']);
    expect(rulesOf('Role', 'r', inNamespace('web'), role('r', 'get'))).to.equal(undefined);
  });

  it('are those of aggregated roles, over several steps and in circles, each once', () => {
    const roles = [aggregated('top', 'a', 'b'), object('ClusterRole', 'mid', { rules: [{ verbs: ['mid'] }], aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregate('a') }] } }, { labels: aggregate('b') }), role('leaf', 'leaf', { ...aggregate('a'), ...aggregate('b') }), role('none', 'none')];
    expect(verbsOf(rulesOf('ClusterRole', 'top', ...roles)).sort()).to.deep.equal(['leaf', 'mid']);
    const self = object('ClusterRole', 'self', { rules: [{ verbs: ['self'] }], aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregate('a') }] } }, { labels: aggregate('a') });
    expect(verbsOf(rulesOf('ClusterRole', 'self', self))).to.deep.equal(['self']);
  }); // prettier-ignore
});
