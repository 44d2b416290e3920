import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import type { WaiverSet } from '../../../operator/findings/waivers/waiver-set.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import { reportsWithExceptions } from '../../../operator/reports/publishing/report-waivers.ts';
import type { RecordTarget } from '../../../operator/stream/stream-record.ts';
import { clusterException, exception, now, setOf } from '../../findings/waivers/samples.ts';
import { desired, PublishingBench, theirs } from '../published-reports.ts';

const covers = (check: string) => exception({ checks: [{ name: check }] }, { namespace: 'shop' });
const bounds = new Map([['web', undefined]]);

describe('exceptions applied to reports', () => {
  let bench: PublishingBench;
  let set: WaiverSet;
  let incomplete: string[];
  let asked: string[];
  beforeEach(async () => {
    bench = new PublishingBench();
    [set, incomplete, asked] = [setOf([covers('one')], undefined, { bounds }), [], []];
    await bench.publisher.publish([desired('a', ['one', 'two']), desired('b', ['two'])]);
    bench.operations.length = 0;
  });

  async function apply(resource = RESOURCES.reports, labels?: RecordTarget['labels']) {
    const publisher = new ReportPublisher(
      bench.api,
      { onWrite: (operation) => void bench.operations.push(operation) },
      { waivers: () => ({ set, now }) },
    );
    const seen: PolicyReport[] = [];
    const found = await publisher.applyWaivers(
      {
        resource,
        namespace: resource.namespaced ? 'shop' : undefined,
        signal: new AbortController().signal,
        onReport: (report) => void seen.push(report),
      },
      {
        labelsOf: (target) => {
          asked.push(target.name);
          return Promise.resolve(labels);
        },
        onIncomplete: ({ name }) => void incomplete.push(name),
      },
    );
    return { ...found, policies: [...found.policies], seen: seen.map(({ scope }) => scope?.name ?? '').toSorted() };
  }
  const verdicts = (name: string): string[] =>
    (bench.reports.get(`shop/vigil-configmap-${name}`)?.results ?? [])
      .map(({ rule, result }) => `${rule ?? ''} ${result ?? ''}`)
      .toSorted();

  it('change the reports with a covered failure, and write no other', async () => {
    expect(await apply()).to.deep.equal({ written: 1, policies: ['web'], seen: ['a', 'b'] });
    expect([verdicts('a'), verdicts('b'), bench.operations]).to.deep.equal([['one skip', 'two fail'], ['two fail'], ['write']]);
    expect(await apply()).to.deep.equal({ written: 0, policies: [], seen: ['a', 'b'] });
    set = setOf([], undefined, { bounds });
    expect((await apply()).written).to.equal(1);
    expect(verdicts('a')).to.deep.equal(['one fail', 'two fail']);
    expect([incomplete, asked]).to.deep.equal([[], []]);
  });

  it('are removed if no exceptions are known', async () => {
    await apply();
    const { written } = await bench.publisher.applyWaivers(
      { resource: RESOURCES.reports, namespace: 'shop', signal: new AbortController().signal, onReport: () => undefined },
      { labelsOf: () => Promise.resolve(undefined), onIncomplete: () => undefined },
    );
    expect([written, verdicts('a')]).to.deep.equal([1, ['one fail', 'two fail']]);
  });

  it('change neither reports of other tools, nor evidence, nor the report about default roles', async () => {
    const own = { 'app.kubernetes.io/managed-by': 'vigil' };
    const failing = (name: string, source: string): PolicyReport => ({
      ...theirs(name, { ...own, 'vigil.dev/source': source }),
      scope: { name },
    });
    await bench.create(failing('foreign', 'vigil'));
    await bench.create(failing('evidence', 'vigil-frameworks'));
    await bench.create({ ...theirs('unscoped', { ...own, 'vigil.dev/source': 'vigil' }) });
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'system:node', uid: 'u' };
    await bench.publisher.publish([{ ...desired('x', []), target: role }]);
    bench.operations.length = 0;
    expect((await apply()).seen).to.deep.equal(['a', 'b', 'foreign']);
    expect((await apply(RESOURCES.clusterReports)).seen).to.deep.equal([]);
    expect(bench.operations).to.deep.equal(['write']);
  });

  it('are applied to what another writer wrote meanwhile', async () => {
    let conflicts = 0;
    bench.api.onCall = async ({ method }) => {
      if (method !== 'PUT' || conflicts++ > 0) return;
      await bench.edit('vigil-configmap-a', { metadata: { labels: { 'their/label': 'x' } } });
    };
    expect((await apply()).written).to.equal(1);
    expect(verdicts('a')).to.deep.equal(['one skip', 'two fail']);
    expect(bench.reports.get('shop/vigil-configmap-a')?.metadata.labels).to.include({ 'their/label': 'x' });
  });

  it('are given up after four conflicts, after all other reports were tried', async () => {
    await bench.publisher.publish([desired('c', ['one'])]);
    let tries = 0;
    bench.api.onCall = ({ method, path }) => {
      if (method !== 'PUT' || !path.endsWith('-a')) return;
      tries++;
      throw new KubeApiError('conflict', { status: 409, reason: 'Conflict' });
    };
    const error: unknown = await apply().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(KubeApiError);
    expect([tries, verdicts('c')]).to.deep.equal([4, ['one skip']]);
  });

  for (const [what, error] of [
    ['was deleted', new KubeApiError('gone', { status: 404 })],
    [
      'is in a terminating namespace',
      new KubeApiError('x', { status: 403, reason: 'Forbidden', body: { details: { causes: [{ reason: 'NamespaceTerminating' }] } } }),
    ],
    ['is refused as invalid', new KubeApiError('invalid', { status: 422, reason: 'Invalid' })],
  ] as const)
    it(`leave a report as it is that ${what}`, async () => {
      bench.api.onCall = ({ method }) => {
        if (method === 'PUT') throw error;
      };
      expect(await apply()).to.deep.equal({ written: 0, policies: [], seen: ['a', 'b'] });
      expect(verdicts('a')).to.deep.equal(['one fail', 'two fail']);
    });

  it('throw any other error, after the other reports', async () => {
    bench.api.onCall = ({ method }) => {
      if (method === 'PUT') throw new KubeApiError('forbidden', { status: 403, reason: 'Forbidden' });
    };
    expect(await apply().catch((error: unknown) => (error as Error).message)).to.equal('forbidden');
  });

  it('ask for the labels of an object only if an exception in its namespace selects by labels', async () => {
    const selecting = (namespace: string) =>
      exception({ checks: [{ name: 'one' }], targets: [{ selector: { matchLabels: { app: 'x' } } }] }, { namespace });
    set = setOf([selecting('elsewhere')], undefined, { bounds });
    await apply();
    expect(asked).to.deep.equal([]);
    set = setOf([selecting('shop')], undefined, { bounds });
    expect((await apply(undefined, { app: 'y' })).written).to.equal(0);
    expect(asked.toSorted()).to.deep.equal(['a', 'b']);
    expect((await apply(undefined, { app: 'x' })).written).to.equal(1);
    expect(verdicts('a')).to.deep.equal(['one skip', 'two fail']);
  });

  it('evaluate an object again whose report does not list all results, if they concern it', async () => {
    const many = Array.from({ length: 2000 }, (_, index) => `check-${index}`);
    const large = desired('large', many);
    await bench.publisher.publish([{ ...large, results: large.results.map((result) => ({ ...result, message: 'm'.repeat(900) })) }]);
    set = setOf([exception({ checks: [{ name: 'other' }] }, { namespace: 'elsewhere' })], undefined, { bounds });
    await apply();
    expect(incomplete).to.deep.equal([]);
    set = setOf([covers('check-1999')], undefined, { bounds });
    await apply();
    expect(incomplete).to.deep.equal(['large']);
  });

  it('are found by the counts in the metadata of reports', async () => {
    const namespaces = async (): Promise<(string | undefined)[]> => {
      const found: (string | undefined)[] = [];
      for await (const namespace of reportsWithExceptions(bench.api, new AbortController().signal)) found.push(namespace);
      return found;
    };
    expect(await namespaces()).to.deep.equal([]);
    await apply();
    expect(await namespaces()).to.deep.equal(['shop']);
    const { namespace: _, ...target } = desired('c', []).target;
    await bench.publisher.publish([{ ...desired('c', ['one']), target }]);
    set = setOf([clusterException({ checks: [{ name: 'one' }] })], undefined, { bounds });
    await apply(RESOURCES.clusterReports);
    expect(await namespaces()).to.deep.equal(['shop', undefined]);
  });
});
