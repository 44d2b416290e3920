import { expect } from 'chai';
import { RoleGraph, type RoleNode } from '../../../operator/engine/rbac/role-graph.ts';
import { gathering, role, snapshotOf } from './rbac-objects.ts';

const verbs = (name: string, labels: object = {}, namespace?: string): ReturnType<typeof role> => {
  const own = role(name, [{ apiGroups: [''], resources: ['pods'], verbs: [name] }], namespace);
  return { ...own, metadata: { ...(own.metadata as object), labels } };
};
const verbsOf = (nodes: Iterable<RoleNode>): string[] => [...nodes].flatMap(({ rules }) => rules.flatMap((rule) => rule.verbs)).sort();

describe('the roles of a snapshot', () => {
  it('are found by kind, namespace and name', () => {
    const graph = new RoleGraph(snapshotOf([verbs('r'), verbs('r', {}, 'web'), verbs('r', {}, 'shop')]));
    expect(graph.find('Role', 'shop', 'r').map(({ namespace }) => namespace)).to.deep.equal(['shop']);
    expect(graph.find('ClusterRole', '', 'r').map(({ kind }) => kind)).to.deep.equal(['ClusterRole']);
    expect(graph.find('Role', 'blue', 'r')).to.deep.equal([]);
    expect(graph.find('ClusterRole', '', 'gone')).to.deep.equal([]);
  });

  it('are the default ones if they are not among the objects, also those of namespaces', () => {
    const graph = new RoleGraph(snapshotOf([]));
    expect(graph.find('ClusterRole', '', 'system:node').map(({ isDefault }) => isDefault)).to.deep.equal([true]);
    expect(graph.find('Role', 'kube-system', 'extension-apiserver-authentication-reader')).to.have.length(1);
    expect(graph.find('Role', 'shop', 'extension-apiserver-authentication-reader')).to.deep.equal([]);
  });

  it('replace the default ones', () => {
    const graph = new RoleGraph(snapshotOf([verbs('edit')]));
    expect(verbsOf(graph.find('ClusterRole', '', 'edit'))).to.deep.equal(['edit']);
  });

  it('have what they gather over several steps and in circles, each once, but not the rules that are overwritten', () => {
    const objects = [
      gathering('top', 'a'),
      { ...gathering('mid', 'b', { a: 'true' }), rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['mid'] }] },
      gathering('again', 'a', { b: 'true' }),
      verbs('leaf', { a: 'true', b: 'true' }),
      verbs('none', { c: 'true' }),
    ];
    const graph = new RoleGraph(snapshotOf(objects));
    expect(verbsOf(graph.withParts(graph.find('ClusterRole', '', 'top')))).to.deep.equal(['leaf']);
  });

  it('combine values over what they gather', () => {
    const graph = new RoleGraph(
      snapshotOf([gathering('top', 'a'), gathering('mid', 'b', { a: 'true' }), verbs('x', { b: 'true' }), verbs('y', { a: 'true' })]),
    );
    const valueOf = graph.combined(({ name }) => (name === 'x' ? 1 : name === 'y' ? 2 : 0));
    const value = (name: string): number => valueOf(graph.find('ClusterRole', '', name)[0]!);
    expect(['top', 'mid', 'x', 'y'].map(value)).to.deep.equal([3, 1, 1, 2]);
  });
});
