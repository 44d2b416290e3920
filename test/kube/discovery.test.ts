import { expect } from 'chai';
import { discoverApi } from '../../operator/kube/discovery.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';

const served = (resource: string, kind: string, verbs = ['get', 'list']): object => ({
  resource,
  scope: 'Namespaced',
  responseKind: { kind },
  verbs,
});
const groups = (path: string): object => ({
  items:
    path === '/api'
      ? [
          {
            metadata: {},
            versions: [
              { version: 'v1', freshness: 'Current', resources: [served('pods', 'Pod'), served('bindings', 'Binding', ['create'])] },
            ],
          },
        ]
      : [
          {
            metadata: { name: 'autoscaling' },
            versions: [
              { version: 'v2', freshness: 'Current', resources: [served('horizontalpodautoscalers', 'HorizontalPodAutoscaler')] },
              { version: 'v1', freshness: 'Current', resources: [served('horizontalpodautoscalers', 'HorizontalPodAutoscaler')] },
            ],
          },
          {
            metadata: { name: 'metrics.k8s.io' },
            versions: [{ version: 'v1beta1', freshness: 'Stale', resources: [served('pods', 'PodMetrics')] }],
          },
        ],
});

describe('discovery', () => {
  it('returns every listable resource in every version, the preferred version first, without unavailable versions', async () => {
    const client = { call: ({ path }: { path: string }) => Promise.resolve(groups(path)) } as unknown as KubeClient;
    const { resources, unavailable } = await discoverApi(client);
    expect(resources.map(({ group, version, resource }) => `${group}/${version}/${resource}`)).to.deep.equal([
      '/v1/pods',
      'autoscaling/v2/horizontalpodautoscalers',
      'autoscaling/v1/horizontalpodautoscalers',
    ]);
    expect(unavailable).to.deep.equal(['metrics.k8s.io/v1beta1']);
  });
});
