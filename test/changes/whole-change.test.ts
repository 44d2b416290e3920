import { expect } from 'chai';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { evaluateChanges, slicesOf, type ChangeEvaluator, type ChangeResult } from '../../operator/changes/change-evaluation.ts';
import type { ChangeBatch } from '../../operator/changes/changed-targets.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { WHOLE_CLUSTER } from '../../operator/worker/shard.ts';
import { PublishingBench } from '../reports/published-reports.ts';

const resourceOf = (kind: string): ApiResource => builtinResources.find((each) => each.kind === kind) as ApiResource;
const [deployments, namespaces, clusterRoles] = ['Deployment', 'Namespace', 'ClusterRole'].map(resourceOf) as [
  ApiResource,
  ApiResource,
  ApiResource,
];
const now = Date.parse('2026-01-01T00:00:30Z');

describe('evaluateChanges', () => {
  let bench: PublishingBench;
  let known: SecurityPolicy | undefined;
  beforeEach(async () => {
    bench = new PublishingBench();
    known = undefined;
    await bench.api.create(namespaces, { metadata: { name: 'shop', labels: { team: 'a' } } });
    for (const name of ['web', 'data']) await deployment(name);
  });

  async function deployment(name: string, hostNetwork = true): Promise<void> {
    const template = { spec: { hostNetwork, containers: [{ name: 'main', image: 'a:1' }] } };
    await bench.api.create(deployments, { metadata: { namespace: 'shop', name }, spec: { template } } as KubeObject);
  }

  /** Evaluates these targets for a policy that selects namespaces with the label team=a. */
  function evaluate(
    batch: Partial<ChangeBatch>,
    {
      controls = ['host-network'],
      unavailable,
      labels = { team: 'a' },
    }: { controls?: readonly string[]; unavailable?: readonly string[]; labels?: Readonly<Record<string, string>> } = {},
  ): Promise<ChangeResult> {
    const spec = { scope: { namespaces: { selector: { matchLabels: labels } } }, controls: controls.map((name) => ({ name })) };
    const policy = { name: 'p', uid: 'u', generation: 1, revision: '1-a', listPasses: false, ownerLabels: [], excludedNamespaces: 0 };
    const input = { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [], policies: [{ ...policy, spec }] };
    const evaluator: ChangeEvaluator = {
      ...{ set: compilePolicies([{ name: 'p', spec }], input), input, policies: [policy] },
      ...(unavailable ? { unavailable } : {}),
    };
    return evaluateChanges({ client: bench.api, publisher: bench.publisher, policies: { get: () => known } }, evaluator, {
      batch: { namespace: 'shop', targets: new Map(), wholeCluster: false, ...batch },
      now,
      signal: new AbortController().signal,
    });
  }
  const targets = (...names: readonly string[]): Partial<ChangeBatch> => ({ targets: new Map([[deployments, new Set(names)]]) });
  const reports = (): string[] => bench.names.map((name) => name.replace('vigil-deployment-', ''));

  it('writes the reports of the changed objects, and of no other', async () => {
    expect(await evaluate(targets('web'))).to.deep.equal({ evaluated: 1, written: 1, unreadable: [] });
    expect(reports()).to.deep.equal(['shop/web']);
    const [result] = bench.reports.get('shop/vigil-deployment-web')?.results ?? [];
    expect(result).to.deep.include({ policy: 'p', rule: 'host-network', result: 'fail', timestamp: { seconds: now / 1000, nanos: 0 } });
    expect(await evaluate(targets('web', 'data'))).to.deep.equal({ evaluated: 2, written: 1, unreadable: [] });
    expect(await evaluate(targets('web', 'data'))).to.deep.equal({ evaluated: 2, written: 0, unreadable: [] });
  });

  it('removes the report of an object that is deleted', async () => {
    await evaluate(targets('web', 'data'));
    await bench.api.delete(deployments, { namespace: 'shop', name: 'web' });
    expect(await evaluate(targets('web'))).to.deep.equal({ evaluated: 0, written: 1, unreadable: [] });
    expect(reports()).to.deep.equal(['shop/data']);
    expect(await evaluate(targets('never'))).to.deep.equal({ evaluated: 0, written: 0, unreadable: [] });
  });

  it('removes the reports of a namespace that no policy selects any more, or that is being deleted', async () => {
    await evaluate(targets('web', 'data'));
    expect((await evaluate(targets('web'), { labels: { team: 'b' } })).written).to.equal(1);
    await bench.api.patch(namespaces, { name: 'shop' }, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect((await evaluate(targets('data'))).written).to.equal(1);
    expect(reports()).to.deep.equal([]);
  });

  it('selects a namespace by the name label that the API server sets, also if the list lacks it', async () => {
    const labels = { 'kubernetes.io/metadata.name': 'shop' };
    expect((await evaluate(targets('web'), { labels })).evaluated).to.equal(1);
  });

  it('keeps the reports of a kind that cannot be read, and says why', async () => {
    await evaluate(targets('web'));
    bench.api.onCall = ({ path }) => {
      if (path.endsWith('/deployments')) throw new KubeApiError('deployments.apps is forbidden', { status: 403 });
    };
    const { written, unreadable } = await evaluate(targets('web', 'gone'));
    expect([written, unreadable.length, reports()]).to.deep.equal([0, 1, ['shop/web']]);
    expect(unreadable[0]).to.match(/^deployments: cannot list deployments in API group apps: grant it/);
  });

  it('keeps the reports of a kind whose API group does not respond, and of no other group', async () => {
    await evaluate(targets('web', 'data'));
    for (const name of ['web', 'data']) await bench.api.delete(deployments, { namespace: 'shop', name });
    expect((await evaluate(targets('web'), { unavailable: ['apps/v1'] })).written).to.equal(0);
    expect((await evaluate(targets('web'), { unavailable: ['apps.example.com/v1', 'app/v1'] })).written).to.equal(1);
  });

  it('evaluates cluster-scoped objects and Namespaces', async () => {
    await bench.api.create(namespaces, { metadata: { name: 'bank', labels: { team: 'a' } } });
    const batch = { namespace: '', targets: new Map([[namespaces, new Set(['shop', 'bank', 'gone'])]]) };
    const { evaluated } = await evaluate(batch, { controls: ['namespace-psa-enforced'] });
    expect(evaluated).to.equal(2);
    expect(bench.names.toSorted()).to.deep.equal(['bank/vigil-namespace-bank', 'shop/vigil-namespace-shop']);
  });

  it('counts new failures of objects created after the policy had evaluated everything', async () => {
    const metadata = { namespace: 'shop', name: 'late', creationTimestamp: '2026-01-01T00:00:20Z' };
    const template = { spec: { hostNetwork: true, containers: [{ name: 'main', image: 'a:1' }] } };
    await bench.api.create(deployments, { metadata, spec: { template } } as KubeObject);
    known = {
      metadata: { name: 'p', uid: 'u' },
      status: { evaluatedGeneration: 1, lastScanTime: '2026-01-01T00:00:10Z' },
    } as SecurityPolicy;
    await evaluate(targets('web', 'late'));
    expect(bench.failures).to.deep.equal(['host-network']);
  });
});

describe('slicesOf', () => {
  const resources = [deployments, clusterRoles];
  const batch = (change: Partial<ChangeBatch>): ChangeBatch => ({ namespace: 'shop', targets: new Map(), wholeCluster: false, ...change });
  it('has one slice for each kind, with the names in order', () => {
    expect(slicesOf(batch({ targets: new Map([[deployments, new Set(['b', 'a'])]]) }), resources)).to.deep.equal([
      { resource: 0, namespace: 'shop', names: ['a', 'b'], targets: 2, policies: {} },
    ]);
    expect(slicesOf(batch({ namespace: '', targets: new Map([[clusterRoles, new Set(['x'])]]) }), resources)).to.deep.equal([
      { resource: 1, names: ['x'], targets: 1, policies: {} },
    ]);
  });

  it('has no slice of a kind that is not served, and one for the whole cluster', () => {
    expect(slicesOf(batch({ targets: new Map([[namespaces, new Set(['x'])]]) }), resources)).to.deep.equal([]);
    expect(slicesOf(batch({ wholeCluster: true }), resources)).to.deep.equal([{ resource: WHOLE_CLUSTER, targets: 1, policies: {} }]);
  });
});
