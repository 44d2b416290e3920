import { expect } from 'chai';
import type { KubernetesObject } from '../../operator/engine/kubernetes-object.ts';
import { LivePods, workloadReference } from '../../operator/engine/live-pods.ts';
import { builtinResources } from '../../operator/engine/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';

const set = compilePolicies([{ name: 'p', spec: { controls: [{ name: 'privileged-container' }, { name: 'host-network' }] } }], {
  kubernetesVersion: '1.36',
  resources: builtinResources,
  systemNamespaces: [],
});
const controller = (apiVersion: string, kind: string, name: string): object => ({
  ownerReferences: [{ apiVersion, kind, name, uid: 'u', controller: true }],
});
const deployment = (privileged = false): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { spec: { containers: [{ name: 'c', image: 'i:1', securityContext: { privileged } }] } } },
});
const replicaSet: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web-1', namespace: 'shop', ...controller('apps/v1', 'Deployment', 'web') },
};
const pod = (name: string, change: object = {}, meta: object = controller('apps/v1', 'ReplicaSet', 'web-1')): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', ...meta },
  spec: {
    nodeName: 'n',
    containers: [{ name: 'c', image: 'i:1', securityContext: { privileged: false }, volumeMounts: [{ name: 'kube-api-access-abc12' }] }],
    volumes: [{ name: 'kube-api-access-abc12', projected: {} }],
    ...change,
  },
});
const injected = {
  containers: [
    { name: 'c', image: 'i:1' },
    { name: 'sidecar', image: 's:1', securityContext: { privileged: true } },
  ],
};

function judge(owner: KubernetesObject, ...objects: readonly KubernetesObject[]) {
  const live = new LivePods();
  for (const object of objects) live.add(object);
  return live.join(owner, set.evaluate(owner), (one) => set.evaluate(one, { reportAt: workloadReference(owner) }));
}

describe('live pods and their owner', () => {
  it('add nothing when they are as their template', () => {
    const { evaluation, overturned } = judge(deployment(), replicaSet, pod('web-1-a'), pod('web-1-b'));
    expect([evaluation.results, evaluation.passes.get('p'), overturned]).to.deep.equal([[], 2, []]);
  });

  it('add what was injected, at the top owner, once, with the pod named', () => {
    const { evaluation, overturned } = judge(deployment(), pod('web-1-b', injected), replicaSet, pod('web-1-a', injected));
    expect(
      evaluation.results.map(({ check, verdict, pod: name, path, resource }) => [check, verdict, name, path, resource.kind]),
    ).to.deep.equal([['privileged-container', 'fail', 'web-1-a', 'spec.containers[1].securityContext.privileged', 'Deployment']]);
    expect(evaluation.results[0]?.message).to.match(/sidecar \(live pod web-1-a\)$/);
    expect([evaluation.passes.get('p'), overturned]).to.deep.equal([1, [{ policy: 'p', check: 'privileged-container' }]]);
  });

  it('say nothing of what the template fails itself', () => {
    const { evaluation, overturned } = judge(deployment(true), replicaSet, pod('web-1-a', injected));
    expect(evaluation.results.map(({ check, pod: name }) => [check, name])).to.deep.equal([['privileged-container', undefined]]);
    expect(overturned).to.deep.equal([]);
  });

  it('do not count when they end, have ended, or belong to another', () => {
    const ending = pod('a', injected, { ...controller('apps/v1', 'ReplicaSet', 'web-1'), deletionTimestamp: '2026-01-01T00:00:00Z' });
    const ended = { ...pod('b', injected), status: { phase: 'Succeeded' } };
    const other = pod('c', injected, controller('apps/v1', 'ReplicaSet', 'api-1'));
    expect(judge(deployment(), replicaSet, ending, ended, other, pod('d', injected, {})).evaluation.results).to.deep.equal([]);
  });
});
