import { expect } from 'chai';
import { apiVersionOf, type ApiResource } from '../../../operator/api/api-resource.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { ResourceIndex } from '../../../operator/engine/objects/resource-index.ts';

const line = (resource: ApiResource): string =>
  `${apiVersionOf(resource)} ${resource.resource} ${resource.namespaced ? 'Namespaced' : 'Cluster'}`;
const index = new ResourceIndex(builtinResources);

describe('the resource of an object', () => {
  const rows: readonly [apiVersion: string, kind: string, metadata: object, expected: string][] = [
    ['v1', 'Pod', {}, 'v1 pods Namespaced'],
    ['apps/v1', 'Deployment', {}, 'apps/v1 deployments Namespaced'],
    ['apps/v1beta2', 'Deployment', {}, 'apps/v1beta2 deployments Namespaced'],
    ['extensions/v1beta1', 'Deployment', {}, 'extensions/v1beta1 deployments Namespaced'],
    ['extensions/v1beta1', 'DaemonSet', {}, 'extensions/v1beta1 daemonsets Namespaced'],
    ['extensions/v1beta1', 'ReplicaSet', {}, 'extensions/v1beta1 replicasets Namespaced'],
    ['extensions/v1beta1', 'Ingress', {}, 'extensions/v1beta1 ingresses Namespaced'],
    ['extensions/v1beta1', 'NetworkPolicy', {}, 'extensions/v1beta1 networkpolicies Namespaced'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', { namespace: 'x' }, 'rbac.authorization.k8s.io/v1 clusterroles Cluster'],
    ['a.b/v1', 'Widget', {}, 'a.b/v1 widgets Namespaced'],
    ['a.b/v1', 'ClusterWidget', {}, 'a.b/v1 clusterwidgets Cluster'],
    ['a.b/v1', 'ClusterWidget', { namespace: 'x' }, 'a.b/v1 clusterwidgets Namespaced'],
    ['a.b/v1', 'ClusterWidget', { namespace: '' }, 'a.b/v1 clusterwidgets Cluster'],
    ['a.b/v1', 'Clusterwidget', {}, 'a.b/v1 clusterwidgets Namespaced'],
    ['a.b/v1', 'MyClusterWidget', {}, 'a.b/v1 myclusterwidgets Namespaced'],
    ['a.b/v1', 'GlobalPolicy', {}, 'a.b/v1 globalpolicies Cluster'],
    ['a.b/v1', 'WidgetClass', {}, 'a.b/v1 widgetclasses Cluster'],
    ['a.b/v1', 'WidgetClassList', {}, 'a.b/v1 widgetclasslists Namespaced'],
    ['a.b/v1', 'Class', {}, 'a.b/v1 classes Namespaced'],
    ...['PodSecurityPolicy', 'SubjectAccessReview', 'SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SelfSubjectReview', 'TokenReview', 'StorageVersion', 'StorageVersionMigration', 'AdminNetworkPolicy', 'BaselineAdminNetworkPolicy'].map((kind) => ['a.b/v1', kind, {}, `a.b/v1 ${kind.toLowerCase().replace(/y$/, 'ie')}s Cluster`] as [string, string, object, string]),
  ]; // prettier-ignore
  for (const [apiVersion, kind, metadata, expected] of rows)
    it(`of ${apiVersion} ${kind} ${JSON.stringify(metadata)} is ${expected}`, () =>
      expect(line(index.of({ apiVersion, kind, metadata }))).to.equal(expected));

  it('is unknown without a kind', () => expect(index.of({})).to.deep.include({ group: '', version: '', kind: '' }));
});

describe('ResourceIndex', () => {
  const resource = (group: string, version: string, kind: string): ApiResource => {
    return { group, version, kind, resource: `${kind.toLowerCase()}s`, namespaced: true };
  };
  const event = [resource('', 'v1', 'Event'), resource('events.k8s.io', 'v1', 'Event')];
  const widget = [resource('a', 'v2', 'Widget'), resource('a', 'v1', 'Widget'), resource('b', 'v1', 'Widget')];

  it('finds the other versions of a resource, and the other group of a moved kind', () => {
    const served = new ResourceIndex([...event, ...widget]);
    const equivalents = (of: ApiResource): string[] => served.equivalents(of).map((each) => apiVersionOf(each));
    expect(event.map(equivalents)).to.deep.equal([['v1', 'events.k8s.io/v1'], ['v1', 'events.k8s.io/v1']]);
    expect(widget.map(equivalents)).to.deep.equal([['a/v2', 'a/v1'], ['a/v2', 'a/v1'], ['b/v1']]);
    expect(equivalents(resource('c', 'v1', 'Gadget'))).to.deep.equal(['c/v1']);
  }); // prettier-ignore

  it('prefers the first version of each group and kind that is wanted', () => {
    const served = new ResourceIndex([...widget, ...event]);
    expect(served.preferred(() => true).map(line)).to.deep.equal([widget[0]!, widget[2]!, ...event].map(line));
    expect(served.preferred(({ version }) => version === 'v1').map(line)).to.deep.equal([widget[1]!, widget[2]!, ...event].map(line));
    expect([served.all.length, served.converts, new ResourceIndex([], true).converts]).to.deep.equal([5, false, true]);
  });
});
