import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { sweepReports, type SweepRequest, type SweepResult } from '../../../operator/reports/sweeping/report-sweeper.ts';
import { ReportTracker } from '../../../operator/reports/sweeping/report-tracker.ts';
import { desired, PublishingBench, theirs } from '../published-reports.ts';

const { configMaps, namespaces } = RESOURCES;

describe('sweepReports', () => {
  let bench: PublishingBench;
  beforeEach(() => void (bench = new PublishingBench()));

  /** Creates ConfigMaps, and reports about them with one failure. */
  async function reported(names: readonly string[], namespace = 'shop'): Promise<void> {
    for (const name of names) await bench.api.create(configMaps, { metadata: { namespace, name, uid: `u-${name}` } });
    await bench.publisher.publish(names.map((name) => desired(name, ['one'], 'web', namespace)));
  }
  const gone = (name: string, resource: ApiResource = configMaps): Promise<void> => bench.api.delete(resource, { namespace: 'shop', name });
  const sweep = (change: Partial<SweepRequest> = {}): Promise<SweepResult> =>
    sweepReports(bench.api, bench.publisher, {
      policies: new Set(['web']),
      resources: [configMaps, namespaces],
      policiesOf: () => ['web'],
      wholeClusterPolicies: [],
      includesNamespace: () => true,
      seen: new ReportTracker(),
      signal: new AbortController().signal,
      ...change,
    });
  const left = (): string[] => bench.names.map((name) => name.replace('vigil-configmap-', ''));

  it('deletes reports about objects that no longer exist, and returns the counts of the others', async () => {
    await reported(['a', 'b', 'c']);
    await gone('b');
    const { changed, totals } = await sweep();
    expect([changed, left()]).to.deep.equal([1, ['shop/a', 'shop/c']]);
    expect([totals.get('web')?.summary.fail, totals.get('web')?.summary.pass, totals.get('web')?.failing.high]).to.deep.equal([2, 4, 2]);
  });

  it('deletes the report about an object that was created again with another uid', async () => {
    await reported(['a', 'b']);
    await gone('a');
    await bench.api.create(configMaps, { metadata: { namespace: 'shop', name: 'a', uid: 'another' } });
    expect([(await sweep()).changed, left()]).to.deep.equal([1, ['shop/b']]);
  });

  it('removes only the policies of the scan whose scope no longer includes the object', async () => {
    await reported(['a', 'b']);
    await bench.publisher.publish([desired('a', ['two'], 'other'), desired('b', ['two'], 'third')]);
    const asked: string[] = [];
    const policiesOf = (resource: ApiResource, { metadata }: KubeObject): string[] => {
      asked.push(`${resource.resource} ${metadata.name}`);
      return metadata.name === 'a' ? [] : ['web'];
    };
    const { changed, totals } = await sweep({ policies: new Set(['web', 'third']), policiesOf });
    const policiesIn = (name: string): string[] =>
      (bench.reports.get(`shop/vigil-configmap-${name}`)?.results ?? []).map(({ policy }) => policy);
    expect([changed, policiesIn('a'), policiesIn('b'), asked]).to.deep.equal([2, ['other'], ['web'], ['configmaps a', 'configmaps b']]);
    expect(['web', 'other', 'third'].map((policy) => totals.get(policy)?.summary.fail)).to.deep.equal([1, 1, 0]);
  });

  it('does not look at reports that the scan confirmed, of other namespaces, or that were carried over', async () => {
    await reported(['a', 'b']);
    await reported(['x'], 'else');
    await reported(['y'], 'kept');
    const seen = new ReportTracker();
    seen.recordShard(0);
    seen.recordUpToDate('shop/vigil-configmap-a', 0, bench.reports.get('shop/vigil-configmap-a')?.metadata.resourceVersion ?? '');
    for (const name of ['a', 'b']) await gone(name);
    for (const [namespace, name] of [
      ['else', 'x'],
      ['kept', 'y'],
    ] as const)
      await bench.api.delete(configMaps, { namespace, name });
    const { changed } = await sweep({
      seen,
      includesNamespace: (namespace) => namespace !== 'else',
      isCarriedOver: (namespace) => namespace === 'kept',
    });
    expect([changed, left(), seen.shardsToRepeat([0])]).to.deep.equal([1, ['else/x', 'kept/y', 'shop/a'], []]);
  });

  it('keeps reports about objects that cannot be read: their kind is not served, or may not be listed', async () => {
    await reported(['a']);
    await gone('a');
    expect((await sweep({ resources: [namespaces] })).changed).to.equal(0);
    expect((await sweep({ resources: [{ ...configMaps, resource: 'secrets' }] })).changed).to.equal(0);
    for (const status of [403, 404]) {
      bench.api.onCall = ({ path }) => {
        if (path.endsWith('/configmaps')) throw new KubeApiError('no', { status });
      };
      expect((await sweep()).changed).to.equal(0);
    }
    bench.api.onCall = ({ path }) => {
      if (path.endsWith('/configmaps')) throw new KubeApiError('etcd', { status: 500 });
    };
    const error: unknown = await sweep().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(KubeApiError);
    expect(left()).to.deep.equal(['shop/a']);
  });

  it('reads a few objects one by one, and many from a list', async () => {
    const names = Array.from({ length: 21 }, (_, index) => `n-${String(index).padStart(2, '0')}`);
    await reported(names);
    const lists = (): number => bench.api.calls.filter((call) => call.endsWith('/configmaps') && call.startsWith('GET ')).length;
    await gone('n-00');
    await sweep();
    expect([lists(), left().length]).to.deep.equal([1, 20]);
    bench.api.calls.splice(0);
    await gone('n-01');
    await sweep();
    expect([lists(), left().length]).to.deep.equal([20, 19]);
  });

  it('covers reports about Namespaces and about the cluster as a whole', async () => {
    const { target, ...rest } = desired('shop', ['one']);
    const { namespace: _, uid: __, ...cluster } = target;
    await bench.api.create(namespaces, { metadata: { name: 'shop', uid: 'u-shop' } });
    await bench.publisher.publish([
      { ...rest, target: { ...cluster, kind: 'Namespace', uid: 'u-shop' } },
      { ...rest, target: { ...cluster, apiVersion: 'vigil.dev/v1alpha1', kind: 'Cluster', name: 'cluster' } },
    ]);
    const about = bench.names.filter((name) => name.startsWith('/'));
    expect(about).to.have.length(1);
    expect([(await sweep({ wholeClusterPolicies: ['web'] })).changed, bench.names.length]).to.deep.equal([0, 2]);
    expect([(await sweep()).changed, bench.names]).to.deep.equal([1, ['shop/vigil-namespace-shop']]);
    await bench.api.delete(namespaces, { name: 'shop' });
    expect([(await sweep()).changed, bench.names]).to.deep.equal([1, []]);
  });

  it('neither counts nor changes reports of other tools, nor copies in another place', async () => {
    await reported(['a']);
    const copy = bench.reports.get('shop/vigil-configmap-a');
    await bench.create(theirs('theirs', { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/source': 'vigil' }));
    await bench.create({ ...copy, metadata: { ...copy?.metadata, name: 'vigil-configmap-copy' } });
    const { changed, totals } = await sweep({ policiesOf: () => [] });
    expect([changed, totals.get('web')?.summary.fail, bench.names]).to.deep.equal([1, 0, ['shop/theirs', 'shop/vigil-configmap-copy']]);
  });
});
