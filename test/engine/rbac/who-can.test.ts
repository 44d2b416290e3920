import { expect } from 'chai';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';
import { type AccessQuestion, type Holder, whoCan } from '../../../operator/engine/rbac/who-can.ts';
import { account, binding, gathering, role, snapshotOf, user } from './rbac-objects.ts';

const secrets = { group: '', resource: 'secrets', namespaced: true };
const nodes = { group: '', resource: 'nodes', namespaced: false };
const reads = { apiGroups: ['', 'apps'], resources: ['secrets', 'nodes', 'pods/log'], verbs: ['get', 'list'] };

const text = ({ subject, namespace, names }: Holder): string =>
  [
    `${subject.kind} ${subject.namespace === undefined ? '' : `${subject.namespace}/`}${subject.name}`,
    namespace ?? 'cluster',
    ...(names ?? []),
  ].join(' ');
const holders = (objects: readonly KubernetesObject[], question: Partial<AccessQuestion> = {}): string[] =>
  whoCan(snapshotOf(objects), { verb: 'get', target: secrets, ...question }).holders.map(text);

describe('who can', () => {
  it('lists the subjects of bindings in the whole cluster and in namespaces', () => {
    const objects = [
      role('reader', [reads]),
      binding('a', 'ClusterRole/reader', [user('jane')]),
      binding('b', 'ClusterRole/reader', [account('app')], 'shop'),
      binding('c', 'Role/reader', [user('ken')], 'web'),
      role('reader', [reads], 'web'),
    ];
    expect(holders(objects)).to.have.members(['User jane cluster', 'ServiceAccount shop/app shop', 'User ken web']);
    expect(holders(objects, { namespace: 'shop' })).to.have.members(['User jane cluster', 'ServiceAccount shop/app shop']);
    expect(holders(objects, { target: nodes })).to.deep.equal(['User jane cluster']);
    expect(holders(objects, { verb: 'watch' })).to.deep.equal([]);
  });

  it('says to which names a right is limited', () => {
    const named = role('named', [{ ...reads, resourceNames: ['db', 'api'] }]);
    const objects = [named, binding('a', 'ClusterRole/named', [user('jane')])];
    expect(holders(objects)).to.deep.equal(['User jane cluster api db']);
    expect(holders(objects, { name: 'db' })).to.deep.equal(['User jane cluster']);
    expect(holders(objects, { name: 'web' })).to.deep.equal([]);
    const writes = [role('named', [{ ...reads, verbs: ['create', 'deletecollection'], resourceNames: ['db'] }]), objects[1]!];
    expect(holders(writes, { verb: 'create' })).to.deep.equal([]);
    expect(holders(writes, { verb: 'deletecollection' })).to.deep.equal([]);
  });

  it('answers for URLs by ClusterRoleBindings only', () => {
    const metrics = role('metrics', [{ nonResourceURLs: ['/metrics*'], verbs: ['get'] }]);
    const objects = [
      metrics,
      binding('a', 'ClusterRole/metrics', [user('jane')]),
      binding('b', 'ClusterRole/metrics', [user('ken')], 'shop'),
    ];
    expect(holders(objects, { target: { url: '/metrics/cadvisor' } })).to.deep.equal(['User jane cluster']);
    expect(holders(objects, { target: { url: '/logs' } })).to.deep.equal([]);
  });

  it('knows the default roles, and what others add to them', () => {
    expect(holders([binding('a', 'ClusterRole/edit', [user('jane')])])).to.deep.equal(['User jane cluster']);
    expect(holders([binding('a', 'ClusterRole/view', [user('jane')])])).to.deep.equal([]);
    const part = {
      ...role('part', [reads]),
      metadata: { name: 'part', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
    };
    expect(holders([binding('a', 'ClusterRole/view', [user('jane')]), part])).to.deep.equal(['User jane cluster']);
  });

  it('follows roles that gather each other', () => {
    const objects = [
      gathering('one', 'two', { one: 'true' }),
      gathering('two', 'one', { two: 'true' }),
      { ...role('part', [reads]), metadata: { name: 'part', labels: { two: 'true' } } },
      binding('a', 'ClusterRole/two', [user('jane')]),
    ];
    expect(holders(objects)).to.deep.equal(['User jane cluster']);
  });

  it('lists the bindings whose role is not known, as far as they could matter', () => {
    const objects = [binding('a', 'ClusterRole/gone', [user('jane')]), binding('b', 'Role/gone', [user('ken')], 'shop')];
    const unresolved = (question: Partial<AccessQuestion>): string[] =>
      whoCan(snapshotOf(objects), { verb: 'get', target: secrets, ...question }).unresolved.map(({ binding: { name } }) => name);
    expect(unresolved({})).to.have.members(['a', 'b']);
    expect(unresolved({ namespace: 'web' })).to.deep.equal(['a']);
    expect(unresolved({ target: nodes })).to.deep.equal(['a']);
  });

  it('lists a subject once, although files have its binding twice', () => {
    const twice = binding('a', 'ClusterRole/edit', [user('jane')]);
    expect(holders([twice, twice])).to.deep.equal(['User jane cluster']);
  });
});
