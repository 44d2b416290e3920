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

function evaluate(owner: KubernetesObject, ...objects: readonly KubernetesObject[]) {
  const live = new LivePods();
  for (const object of objects) live.add(object);
  return live.join(owner, set.evaluate(owner), (one) => set.evaluate(one, { reportAt: workloadReference(owner) }));
}

describe('LivePods', () => {
  it('adds nothing to the owner when the pods equal its template', () => {
    const { evaluation, overturned } = evaluate(deployment(), replicaSet, pod('web-1-a'), pod('web-1-b'));
    expect([evaluation.results, evaluation.passes.get('p'), overturned]).to.deep.equal([[], 2, []]);
  });

  it('reports an injected container once, at the top owner, with the name of the pod', () => {
    const { evaluation, overturned } = evaluate(deployment(), pod('web-1-b', injected), replicaSet, pod('web-1-a', injected));
    expect(
      evaluation.results.map(({ check, verdict, pod: name, path, resource }) => [check, verdict, name, path, resource.kind]),
    ).to.deep.equal([['privileged-container', 'fail', 'web-1-a', 'spec.containers[1].securityContext.privileged', 'Deployment']]);
    expect(evaluation.results[0]?.message).to.match(/^container sidecar: .*\(live pod web-1-a\)$/);
    expect([evaluation.passes.get('p'), overturned]).to.deep.equal([1, [{ policy: 'p', check: 'privileged-container' }]]);
  });

  it('adds nothing when the template itself fails the check', () => {
    const { evaluation, overturned } = evaluate(deployment(true), replicaSet, pod('web-1-a', injected));
    expect(evaluation.results.map(({ check, pod: name }) => [check, name])).to.deep.equal([['privileged-container', undefined]]);
    expect(overturned).to.deep.equal([]);
  });

  it('ignores pods that terminate, are finished or have another owner', () => {
    const ending = pod('a', injected, { ...controller('apps/v1', 'ReplicaSet', 'web-1'), deletionTimestamp: '2026-01-01T00:00:00Z' });
    const ended = { ...pod('b', injected), status: { phase: 'Succeeded' } };
    const other = pod('c', injected, controller('apps/v1', 'ReplicaSet', 'api-1'));
    expect(evaluate(deployment(), replicaSet, ending, ended, other, pod('d', injected, {})).evaluation.results).to.deep.equal([]);
  });
});

describe('LivePods and checks that apply to some kinds only', () => {
  const rule = (name: string, resources: readonly string[], apiGroups: readonly string[]): object => ({
    name,
    matchConstraints: { resourceRules: [{ apiGroups, apiVersions: ['*'], operations: ['CREATE'], resources }] },
    validations: [{ expression: 'false' }],
  });
  const spec = {
    controls: ['readiness-probe', 'naked-pod', 'ephemeral-container', 'privileged-container'].map((name) => ({ name })),
    rules: [rule('pods-too', ['pods'], [''])],
  };
  const checks = compilePolicies([{ name: 'p', spec: spec as never }], {
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
    const own = checks.evaluate(owner);
    const { evaluation } = live.join(owner, own, (one) => checks.evaluate(one, { reportAt: workloadReference(owner) }));
    return evaluation.results.filter(({ pod: name }) => name !== undefined).map(({ check }) => check);
  };
  before(() => expect(checks.problems).to.deep.equal([]));

  const ofJob = controller('batch/v1', 'Job', 'nightly-1');

  it('does not require probes of a pod of a CronJob', () => {
    expect(added(cronJob, job, pod('nightly-1-a', {}, ofJob))).to.deep.equal([]);
  });

  it('reports an injected container of a CronJob', () => {
    expect(added(cronJob, job, pod('nightly-1-a', injected, ofJob))).to.deep.equal(['privileged-container']);
  });

  it('reports an ephemeral container of a CronJob', () => {
    expect(added(cronJob, job, pod('nightly-1-a', { ephemeralContainers: [{ name: 'd', image: 'd:1' }] }, ofJob))).to.deep.equal([
      'ephemeral-container',
    ]);
  });

  it('evaluates rules about pods for a Deployment, but no checks of pods without an owner', () => {
    expect(added(web, replicaSet, pod('web-1-a'))).to.deep.equal(['pods-too']);
  });
});
