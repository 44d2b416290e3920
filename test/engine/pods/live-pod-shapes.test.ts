import { expect } from 'chai';
import type { ObjectFinding } from '../../../operator/findings/finding.ts';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';
import type { Evaluation } from '../../../operator/engine/outcomes/evaluation.ts';
import { LivePods, workloadKey, workloadReference } from '../../../operator/engine/pods/live-pods.ts';

const owned = (by: string, kind = 'ReplicaSet', apiVersion = 'apps/v1'): object => {
  return { ownerReferences: [{ apiVersion, kind, name: by, controller: true }] };
};
const object = (kind: string, name: string, metadata: object = {}, apiVersion = 'apps/v1'): KubernetesObject => {
  return { apiVersion, kind, metadata: { name, namespace: 'shop', ...metadata } };
};
const pod = (name: string, spec: object, owner: object = owned('web-1'), more: object = {}): KubernetesObject => {
  return { ...object('Pod', name, owner, 'v1'), spec, ...more };
};
const web = object('Deployment', 'web');
const link = object('ReplicaSet', 'web-1', owned('web', 'Deployment'));
const none: Evaluation = { results: [], passes: new Map(), policies: ['p'] };

/** The pods that are evaluated for an owner, in order. */
function evaluated(owner: KubernetesObject, ...objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const live = new LivePods();
  for (const each of objects) live.add(each);
  const seen: KubernetesObject[] = [];
  live.join(owner, none, (each) => {
    seen.push(each);
    return none;
  });
  return seen;
}
const names = (pods: readonly KubernetesObject[]): unknown[] => pods.map(({ metadata }) => (metadata as { readonly name: unknown }).name);

describe('the pods that are evaluated for a workload', () => {
  it('are without what Kubernetes adds: node, priority, tolerations and the token', () => {
    const token = 'kube-api-access-abc12';
    const mounts = [{ name: 'data' }, { name: token }, 'wrong'];
    const spec = {
      ...{ nodeName: 'n', priority: 0, preemptionPolicy: 'x', tolerations: [], serviceAccountName: 's' },
      volumes: [{ name: 'data' }, { name: token }, { name: `${token}3` }, { name: 'kube-api-access-ABC12' }, { name: `x${token}` }],
      containers: [{ name: 'a', volumeMounts: mounts }, { name: 'b' }, 'wrong'],
      initContainers: [{ volumeMounts: mounts }],
      ephemeralContainers: [{ volumeMounts: mounts }],
    };
    const kept = [{ name: 'data' }, 'wrong'];
    expect(evaluated(web, link, pod('a', spec))[0]?.['spec']).to.deep.equal({
      serviceAccountName: 's',
      volumes: [{ name: 'data' }, { name: `${token}3` }, { name: 'kube-api-access-ABC12' }, { name: `x${token}` }],
      containers: [{ name: 'a', volumeMounts: kept }, { name: 'b' }, 'wrong'],
      initContainers: [{ volumeMounts: kept }],
      ephemeralContainers: [{ volumeMounts: kept }],
    });
    expect(evaluated(web, link, pod('a', { volumes: [{ name: token }], containers: 'wrong' }))[0]?.['spec']).to.deep.equal({ containers: 'wrong' }); // prettier-ignore
  });

  it('are one for each spec: the first by name, whatever the order', () => {
    const [x, y] = [{ hostPID: true }, { hostIPC: true }];
    const pods = [pod('c', x), pod('b', y), pod('a', x), pod('d', y), pod('e', { ...x, nodeName: 'n' })];
    expect(names(evaluated(web, link, ...pods))).to.deep.equal(['a', 'b']);
    expect(names(evaluated(web, ...pods.toReversed(), link))).to.deep.equal(['a', 'b']);
  });

  it('are at most twenty with different specs', () => {
    const pods = Array.from({ length: 30 }, (_, index) => pod(`p${String(index).padStart(2, '0')}`, { hostname: `h${index}` }));
    expect(evaluated(web, link, ...pods)).to.have.length(20);
  });

  it('are those that run and that the workload controls, over several steps', () => {
    const chain = [
      object('Job', 'nightly-1', owned('nightly', 'CronJob', 'batch/v1'), 'batch/v1'),
      object('CronJob', 'nightly', {}, 'batch/v1'),
    ];
    const spec = {};
    expect(names(evaluated(chain[1]!, ...chain, pod('a', spec, owned('nightly-1', 'Job', 'batch/v1'))))).to.deep.equal(['a']);
    expect(names(evaluated(link, link, pod('a', spec)))).to.deep.equal([]);
    expect(names(evaluated(web, link, pod('a', spec, owned('web-1', 'Widget', 'a.b/v1'))))).to.deep.equal([]);
    expect(names(evaluated(web, link, pod('a', spec, owned('web-2'))))).to.deep.equal([]);
    expect(names(evaluated(web, link, pod('a', spec, {})))).to.deep.equal([]);
    const phases = ['Pending', 'Running', 'Unknown', 'Succeeded', 'Failed'].map((phase) =>
      pod(phase, { phase }, undefined, { status: { phase } }),
    );
    expect(names(evaluated(web, link, ...phases))).to.deep.equal(['Pending', 'Running', 'Unknown']);
    expect(names(evaluated(web, link, pod('a', spec, { ...owned('web-1'), deletionTimestamp: 'now' })))).to.deep.equal([]);
  });

  it('are found although owners form a circle', () => {
    const circle = [object('ReplicaSet', 'a', owned('b')), object('ReplicaSet', 'b', owned('a'))];
    expect(names(evaluated(circle[1]!, ...circle, pod('p', {}, owned('a'))))).to.deep.equal(['p']);
  });

  it('are read again after more are added', () => {
    const live = new LivePods();
    const seen: unknown[] = [];
    const join = (): void => void live.join(web, none, ({ metadata }) => (seen.push(metadata), none));
    join();
    live.add(link);
    live.add(pod('a', {}));
    join();
    expect(seen).to.have.length(1);
  });
});

describe('the failures of live pods', () => {
  const resource = workloadReference(web);
  const found = (check: string, verdict: ObjectFinding['verdict'], policy: string | null = 'p'): ObjectFinding =>
    ({ policy, check, verdict, message: `${check} is wrong`, resource }) as unknown as ObjectFinding;
  const evaluation = (results: readonly ObjectFinding[], passes = 0): Evaluation => ({
    results,
    passes: new Map([['p', passes]]),
    policies: ['p'],
  });
  const joined = (own: Evaluation, ...ofPod: readonly ObjectFinding[]): ReturnType<LivePods['join']> => {
    const live = new LivePods();
    for (const each of [link, pod('web-1-a', { hostname: 'a' }), pod('web-1-b', { hostname: 'b' })]) live.add(each);
    return live.join(web, own, () => evaluation(ofPod));
  };
  const lines = ({ evaluation: { results } }: ReturnType<LivePods['join']>): string[] =>
    results.map(({ check, verdict, pod: name, message }) => `${check} ${verdict} ${name ?? '-'} ${message}`);

  it('replace a pass, a listed one too, and are counted once', () => {
    const result = joined(evaluation([found('a', 'pass'), found('b', 'skip')], 2), found('a', 'fail'), found('c', 'fail'));
    expect(lines(result)).to.deep.equal([
      'b skip - b is wrong',
      'a fail web-1-a a is wrong (live pod web-1-a)',
      'c fail web-1-a c is wrong (live pod web-1-a)',
    ]);
    expect(result.overturned).to.deep.equal([{ policy: 'p', check: 'a' }, { policy: 'p', check: 'c' }]);
    expect(result.evaluation.passes.get('p')).to.equal(0);
    expect(result.evaluation.policies).to.deep.equal(['p']);
  }); // prettier-ignore

  it('replace an error or a skip, which was no pass', () => {
    const result = joined(evaluation([found('a', 'error'), found('b', 'skip')], 3), found('a', 'fail'), found('b', 'fail'));
    expect(lines(result).map((line) => line.split(' ').slice(0, 2).join(' '))).to.deep.equal(['a fail', 'b fail']);
    expect([result.overturned, result.evaluation.passes.get('p')]).to.deep.equal([[], 3]);
  });

  it('add nothing if the workload fails itself, or if the pods do not fail', () => {
    const own = evaluation([found('a', 'fail')], 1);
    const result = joined(own, found('a', 'fail'), found('b', 'error'), found('c', 'pass'));
    expect(result).to.deep.equal({ evaluation: own, overturned: [] });
    expect(result.evaluation).to.equal(own);
  });

  it('are of the policy that reports them', () => {
    const result = joined(evaluation([found('a', 'fail', 'other')], 0), found('a', 'fail'), found('b', 'fail', null));
    expect(result.overturned).to.deep.equal([{ policy: 'p', check: 'a' }, { policy: 'p', check: 'b' }]);
    expect(result.evaluation.passes.get('p')).to.equal(0);
  }); // prettier-ignore
});

describe('the reference of a workload', () => {
  it('has its type, name, namespace and, if known, its uid', () => {
    expect(workloadReference(web)).to.deep.equal({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' });
    expect(workloadReference(object('Deployment', 'web', { uid: 'u' }))).to.have.property('uid', 'u');
    expect(workloadReference({})).to.deep.equal({ apiVersion: '', kind: '', namespace: 'default', name: '' });
    expect([workloadKey(web), workloadKey({})]).to.deep.equal(['Deployment.apps/shop/web', '/default/']);
  });
});
