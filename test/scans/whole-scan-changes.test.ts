import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { ANNOTATIONS } from '../../operator/api/group.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { ReportPublisher } from '../../operator/reports/publishing/report-publisher.ts';
import { exception, setOf } from '../findings/waivers/samples.ts';
import { ScanCluster } from './scan-cluster.ts';

const condition = ({ status }: Pick<Scan, 'status'>, type: string): string => {
  const found = status?.conditions?.find((each) => each.type === type);
  return found ? `${found.status} ${found.reason}: ${found.message}` : '';
};

describe('a scan with exceptions', () => {
  it('counts covered failures apart, also in the evidence of a framework', async () => {
    const cluster = new ScanCluster();
    await cluster.namespace('blue', 'web');
    await cluster.policy('pss', { frameworks: [{ name: 'pss-baseline' }] });
    const covering = exception({ checks: [{ name: 'host-network' }] }, { namespace: 'blue', creationTimestamp: '2026-01-01T00:00:00Z' });
    cluster.waivers = () => ({ set: setOf([covering], undefined, { bounds: new Map([['pss', undefined]]) }), now: cluster.now });
    await cluster.scan('s');
    await cluster.finish('s');
    const { status } = cluster.policyOf('pss');
    expect([status?.summary?.fail, status?.excepted]).to.deep.equal([0, { critical: 0, high: 1, medium: 0, low: 0 }]);
    expect(status?.frameworks?.[0]).to.deep.include({ failed: 0, excepted: 1 });
    const evidence = [...cluster.reports].find(([name]) => name.startsWith('/vigil-frameworks-pss-'))?.[1];
    expect(evidence?.results?.filter(({ properties }) => properties?.['state'] === 'excepted').map(({ result }) => result)).to.deep.equal([
      'skip',
    ]);
    await cluster.restart();
  });

  it('counts what became excepted or unexcepted since the last Scan, and not as fixed or new', async () => {
    const cluster = new ScanCluster();
    await cluster.namespace('blue', 'web', 'data');
    await cluster.policy('p');
    let isExcepted = false;
    cluster.waivers = () => {
      const covering = exception({ checks: [{ name: 'host-network' }] }, { namespace: 'blue', creationTimestamp: '2026-01-01T00:00:00Z' });
      return { set: setOf(isExcepted ? [covering] : [], undefined, { bounds: new Map([['p', undefined]]) }), now: cluster.now };
    };
    const publisher = new ReportPublisher(cluster.api, {}, { waivers: () => cluster.waivers() });
    const request = { resource: RESOURCES.reports, namespace: 'blue', signal: new AbortController().signal, onReport: () => undefined };
    const counted = async (name: string, change: () => Promise<unknown>): Promise<unknown> => {
      cluster.now += 60_000;
      await change();
      cluster.now += 60_000;
      await cluster.scan(name);
      const { status } = await cluster.finish(name);
      const { excepted, unexcepted, new: found, fixed } = status ?? {};
      return [excepted?.high, unexcepted?.high, found?.high, fixed?.high];
    };
    const apply = (to: boolean) => (): Promise<unknown> => {
      isExcepted = to;
      return publisher.applyWaivers(request, { labelsOf: () => Promise.resolve({}), onIncomplete: () => undefined });
    };
    expect(await counted('first', () => Promise.resolve())).to.deep.equal([undefined, undefined, 0, 0]);
    expect(await counted('covered', apply(true))).to.deep.equal([2, 0, 0, 0]);
    expect(await counted('same', () => Promise.resolve())).to.deep.equal([0, 0, 0, 0]);
    expect(await counted('uncovered', apply(false))).to.deep.equal([0, 2, 0, 0]);
    // What the scan itself covers is counted by the next one.
    isExcepted = true;
    expect(await counted('scanning', () => cluster.deployment('blue', 'more', false))).to.deep.equal([0, 0, 0, 0]);
    expect(await counted('afterwards', () => Promise.resolve())).to.deep.equal([2, 0, 0, 0]);
    await cluster.restart();
  });
});

describe('what a scan leaves for the next', () => {
  let cluster: ScanCluster;
  beforeEach(async () => {
    cluster = new ScanCluster();
    await cluster.namespace('blue', 'web', 'data');
    await cluster.policy('p');
    await cluster.scan('s');
  });
  afterEach(() => cluster.restart());

  const next = async (): Promise<Scan['status']> => {
    cluster.now += 60_000;
    await cluster.scan('again');
    return (await cluster.finish('again')).status;
  };

  it('is nothing if a policy changed while it ran', async () => {
    await cluster.policy('q', { controls: [{ name: 'host-pid' }] });
    await cluster.reconcile('s');
    await cluster.api.patch(RESOURCES.policies, { name: 'q' }, { metadata: { generation: 2 }, spec: { controls: [{ name: 'host-ipc' }] } });
    await cluster.finish('s');
    expect((await next())?.carriedOver).to.equal(0);
  });

  it('is nothing if it cannot be stored, and the scan is complete all the same', async () => {
    await cluster.reconcile('s');
    await cluster.runJobs('s');
    cluster.api.onCall = ({ method, path, body }) => {
      const { name } = (body as { metadata?: { name?: string } } | undefined)?.metadata ?? {};
      if (method === 'POST' && path.endsWith('/configmaps') && name?.startsWith('vigil-rescan'))
        throw new KubeApiError('quota', { status: 403 });
    };
    expect((await cluster.finish('s')).status?.phase).to.equal('Complete');
    cluster.api.onCall = () => undefined;
    expect((await next())?.carriedOver).to.equal(0);
  });

  const ofGenerations = { [ANNOTATIONS.generations]: 'p=1' };

  it('is everything after the scan of a new generation that includes all policies, which itself evaluates everything', async () => {
    await cluster.finish('s');
    await cluster.scan('p-g1', { policies: ['p'] }, ofGenerations);
    expect((await cluster.finish('p-g1')).status?.carriedOver).to.equal(0);
    await cluster.remove('blue', 'data');
    await cluster.deployment('blue', 'data');
    await cluster.scan('p-g2', { policies: ['p'] }, ofGenerations);
    await cluster.finish('p-g2');
    expect((await next())?.carriedOver).to.equal(2);
  });

  it('is nothing after the scan of a new generation of one of several policies', async () => {
    await cluster.policy('q', { controls: [{ name: 'host-pid' }] });
    await cluster.scan('p-g1', { policies: ['p'] }, ofGenerations);
    await cluster.finish('p-g1');
    cluster.now += 60_000;
    await cluster.scan('again', { policies: ['p'] });
    expect((await cluster.finish('again')).status?.carriedOver).to.equal(0);
  });

  it('is read by another process', async () => {
    await cluster.finish('s');
    await cluster.restart();
    expect((await next())?.carriedOver).to.equal(2);
  });
});

describe('a scan whose ledger another operator writes', () => {
  it('reads it again after half a second, and goes on', async () => {
    const cluster = new ScanCluster();
    await cluster.namespace('blue', 'web');
    await cluster.policy('p');
    await cluster.scan('s');
    await cluster.reconcile('s');
    await cluster.runJobs('s');
    cluster.api.onCall = ({ method, path }) => {
      if (method === 'PUT' && path.includes('/configmaps/')) throw new KubeApiError('changed', { status: 409, reason: 'Conflict' });
    };
    expect(await cluster.reconcile('s')).to.deep.equal({ requeueAfter: 500, failed: false });
    cluster.api.onCall = () => undefined;
    expect((await cluster.finish('s')).status?.phase).to.equal('Complete');
    await cluster.restart();
  });
});

describe('a scan whose Job is refused', () => {
  it('waits for a permission that is missing, and names it', async () => {
    const cluster = new ScanCluster();
    await cluster.namespace('blue', 'web');
    await cluster.policy('p');
    await cluster.scan('s');
    const body = { kind: 'Status', details: { group: 'batch', kind: 'jobs' } };
    cluster.api.onCall = ({ method, path }) => {
      if (method === 'POST' && path.endsWith('/jobs'))
        throw new KubeApiError('jobs.batch is forbidden: cannot create', { status: 403, reason: 'Forbidden', body });
    };
    expect((await cluster.reconcile('s')).failed).to.equal(true);
    expect(cluster.scanOf('s').status?.phase).to.not.equal('Failed');
    cluster.now += 60_000;
    expect((await cluster.reconcile('s')).failed).to.equal(true);
    expect(condition(cluster.scanOf('s'), 'Reconciling')).to.match(/jobs\.batch is forbidden: cannot create/);
    cluster.api.onCall = () => undefined;
    expect((await cluster.finish('s')).status?.phase).to.equal('Complete');
    await cluster.restart();
  });
});
