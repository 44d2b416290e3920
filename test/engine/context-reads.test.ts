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

describe('contextReads', () => {
  it('returns nothing for checks of single objects', () => {
    expect(contextReads(setOf('host-network'), [kind('pods')])).to.deep.equal({ clusterWide: [], inNamespace: [] });
  });

  it('reads the namespace of the target, but RBAC and cluster-scoped objects in the whole cluster', () => {
    const { clusterWide, inNamespace } = contextReads(setOf('workload-admin-service-account'), [kind('deployments')]);
    expect(names(clusterWide)).to.deep.equal(['clusterrolebindings', 'clusterroles', 'namespaces', 'rolebindings', 'roles']);
    expect(names(inNamespace)).to.include('deployments').and.include('serviceaccounts');
  });

  it('reads a namespaced kind in the whole cluster when a check needs other namespaces', () => {
    const { clusterWide, inNamespace } = contextReads(setOf('rbac-dangling-binding'), [kind('rolebindings')]);
    expect(names(clusterWide)).to.include('serviceaccounts');
    expect(names(inNamespace)).to.deep.equal([]);
  });

  it('reads the whole cluster for a cluster-scoped target', () => {
    const { clusterWide, inNamespace } = contextReads(setOf('namespace-resource-quota'), [RESOURCES.namespaces]);
    expect(names(clusterWide)).to.include('resourcequotas');
    expect(inNamespace).to.deep.equal([]);
  });

  it('returns only the kinds that the checks of these targets read', () => {
    const set = setOf('netpol-coverage', 'rbac-dangling-binding');
    expect(names(contextReads(set, [kind('deployments')]).clusterWide)).to.not.include('serviceaccounts');
    expect(contextReads(set, [kind('services')])).to.deep.equal({ clusterWide: [], inNamespace: [] });
  });

  it('returns pods and the kinds between pods and workloads when a kind controls pods', () => {
    const { links, pods } = livePodReads([kind('deployments')], [...builtinResources, { ...kind('jobs'), version: 'v2' }]);
    expect([names(links), names(pods)]).to.deep.equal([['jobs', 'replicasets'], ['pods']]);
    expect(livePodReads([kind('pods'), kind('services'), undefined], builtinResources)).to.deep.equal({ links: [], pods: [] });
  });
});
