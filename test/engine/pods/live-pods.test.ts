import { expect } from 'chai';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';
import { LivePods, workloadReference } from '../../../operator/engine/pods/live-pods.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';

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
    expect(evaluation.results[0]?.message).to.match(/^container sidecar: .*\(live pod web-1-a\)$/);
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

describe('live pods of an owner whose kind is not asked for everything', () => {
  const rule = (name: string, resources: readonly string[], apiGroups: readonly string[]): object => ({
    name,
    matchConstraints: { resourceRules: [{ apiGroups, apiVersions: ['*'], operations: ['CREATE'], resources }] },
    validations: [{ expression: 'false' }],
  });
  const spec = {
    controls: ['readiness-probe', 'naked-pod', 'ephemeral-container', 'privileged-container'].map((name) => ({ name })),
    rules: [rule('pods-too', ['pods'], [''])],
  };
  const asked = compilePolicies([{ name: 'p', spec: spec as never }], {
    kubernetesVersion: '1.36',
    resources: builtinResources,
    systemNamespaces: [],
  });
  const template = { spec: { containers: [{ name: 'c', image: 'i:1' }] } };
  const cronJob: KubernetesObject = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', namespace: 'shop' },
    spec: { schedule: '@daily', jobTemplate: { spec: { template } } },
  };
  const job: KubernetesObject = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'nightly-1', namespace: 'shop', ...controller('batch/v1', 'CronJob', 'nightly') },
  };
  const web: KubernetesObject = { ...deployment(), spec: { template } };
  const added = (owner: KubernetesObject, ...objects: readonly KubernetesObject[]): readonly string[] => {
    const live = new LivePods();
    for (const object of objects) live.add(object);
    const own = asked.evaluate(owner);
    const { evaluation } = live.join(owner, own, (one) => asked.evaluate(one, { reportAt: workloadReference(owner) }));
    return evaluation.results.filter(({ pod: name }) => name !== undefined).map(({ check }) => check);
  };
  before(() => expect(asked.problems).to.deep.equal([]));

  const ofJob = controller('batch/v1', 'Job', 'nightly-1');

  it('are asked what their template is asked: a pod of a CronJob needs no probes', () => {
    expect(added(cronJob, job, pod('nightly-1-a', {}, ofJob))).to.deep.equal([]);
  });

  it('of a CronJob still add what was injected', () => {
    expect(added(cronJob, job, pod('nightly-1-a', injected, ofJob))).to.deep.equal(['privileged-container']);
  });

  it('of a CronJob still add a debug container, which no template has', () => {
    expect(added(cronJob, job, pod('nightly-1-a', { ephemeralContainers: [{ name: 'd', image: 'd:1' }] }, ofJob))).to.deep.equal([
      'ephemeral-container',
    ]);
  });

  it('of a Deployment are judged by rules about pods, and not as pods that nobody owns', () => {
    expect(added(web, replicaSet, pod('web-1-a'))).to.deep.equal(['pods-too']);
  });
});
