import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { contextReads, livePodReads } from '../../operator/engine/context-reads.ts';
import { compilePolicies, type PolicySet } from '../../operator/engine/policy-set.ts';

const setOf = (...controls: readonly string[]): PolicySet =>
  compilePolicies([{ name: 'p', spec: { controls: controls.map((name) => ({ name })) } }], {
    kubernetesVersion: '1.36',
    resources: builtinResources,
    systemNamespaces: [],
  });
const kind = (name: string): ApiResource => builtinResources.find(({ resource }) => resource === name)!;
const names = (resources: readonly ApiResource[]): string[] => resources.map(({ resource }) => resource).toSorted();

describe('what checks read beside an object', () => {
  it('is nothing for checks of one object', () => {
    expect(contextReads(setOf('host-network'), [kind('pods')])).to.deep.equal({ clusterWide: [], inNamespace: [] });
  });

  it('is what is in its namespace, but rights and what lies outside of namespaces everywhere', () => {
    const { clusterWide, inNamespace } = contextReads(setOf('workload-admin-service-account'), [kind('deployments')]);
    expect(names(clusterWide)).to.deep.equal(['clusterrolebindings', 'clusterroles', 'namespaces', 'rolebindings', 'roles']);
    expect(names(inNamespace)).to.include('deployments').and.not.include('serviceaccounts');
  });

  it('is a namespaced kind everywhere where a check looks for it in other namespaces', () => {
    const { clusterWide, inNamespace } = contextReads(setOf('rbac-dangling-binding'), [kind('rolebindings')]);
    expect(names(clusterWide)).to.include('serviceaccounts');
    expect(names(inNamespace)).to.deep.equal([]);
  });

  it('is everything everywhere for an object outside of namespaces', () => {
    const { clusterWide, inNamespace } = contextReads(setOf('namespace-resource-quota'), [RESOURCES.namespaces]);
    expect(names(clusterWide)).to.include('resourcequotas');
    expect(inNamespace).to.deep.equal([]);
  });

  it('depends on the kinds that are asked about', () => {
    const set = setOf('workload-admin-service-account', 'rbac-dangling-binding');
    expect(names(contextReads(set, [kind('deployments')]).clusterWide)).to.not.include('serviceaccounts');
    expect(contextReads(set, [kind('services')])).to.deep.equal({ clusterWide: [], inNamespace: [] });
  });

  it('is live pods, and what leads to them, where a kind controls pods', () => {
    const { links, pods } = livePodReads([kind('deployments')], [...builtinResources, { ...kind('jobs'), version: 'v2' }]);
    expect([names(links), names(pods)]).to.deep.equal([['jobs', 'replicasets'], ['pods']]);
    expect(livePodReads([kind('pods'), kind('services'), undefined], builtinResources)).to.deep.equal({ links: [], pods: [] });
  });
});
