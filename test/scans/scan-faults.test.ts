import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { ScanCluster } from './scan-cluster.ts';

const condition = ({ status }: Pick<Scan, 'status'>, type: string): string => {
  const found = status?.conditions?.find((each) => each.type === type);
  return found ? `${found.status} ${found.reason}: ${found.message}` : '';
};

describe('a scan with faults', () => {
  let cluster: ScanCluster;
  beforeEach(async () => {
    cluster = new ScanCluster();
    await cluster.namespace('blue', 'web', 'data');
    await cluster.namespace('green', 'web');
    await cluster.policy('p');
    await cluster.scan('s');
  });
  afterEach(() => cluster.restart());
  const reports = (): string[] => [...cluster.reports.keys()].map((name) => name.replace('vigil-deployment-', '')).toSorted();
  const all = ['blue/data', 'blue/web', 'green/web'];
  const phase = (): string | undefined => cluster.scanOf('s').status?.phase;

  it('continues in another process at any step, with the same end', async () => {
    for (let step = 0; step < 6 && phase() !== 'Complete'; step++) {
      await cluster.reconcile('s');
      await cluster.restart();
      await cluster.runJobs('s');
    }
    const scan = cluster.scanOf('s');
    expect(scan.status).to.deep.include({ phase: 'Complete', progress: '2/2' });
    expect([reports(), cluster.policyOf('p').status?.summary?.fail]).to.deep.equal([all, 3]);
  });

  it('retries the shard of a broken log in another Job, with an Event', async () => {
    await cluster.reconcile('s');
    await cluster.runJobs('s', (lines, index) => (index === 0 ? lines.slice(0, -1) : lines));
    await cluster.reconcile('s');
    expect(cluster.jobs.map(({ metadata }) => metadata.name.split('-').at(-1))).to.deep.equal(['a1', 'a2']);
    expect(cluster.events).to.deep.equal([
      { type: 'Warning', reason: 'StreamBroken', message: 'shard 0: the stream has no trailer: it was cut off; it is retried' },
    ]);
    expect(cluster.scanOf('s').status).to.deep.include({ phase: 'Running', progress: '1/2' });
    expect((await cluster.finish('s')).status).to.deep.include({ phase: 'Complete', progress: '2/2' });
    expect(reports()).to.deep.equal(all);
  });

  it('fails when no attempt of a shard is left, and keeps the results of the others', async () => {
    for (let step = 0; step < 8 && phase() !== 'Failed'; step++) {
      await cluster.reconcile('s');
      await cluster.runJobs('s', (lines, index) => (index === 0 ? ['no stream'] : lines));
    }
    const scan = cluster.scanOf('s');
    expect(scan.status).to.deep.include({ phase: 'Failed', progress: '2/2' });
    expect(condition(scan, 'Failed')).to.match(/^True StreamBroken: 1 of 2 shards could not be scanned; first failure: StreamBroken: ./);
    expect(condition(scan, 'Covered')).to.match(/^False Incomplete: [12] of 3 targets could not be scanned$/);
    expect(cluster.events.at(-1)?.message).to.match(/^shard 0: .*; no attempts are left$/);
    expect(cluster.events).to.have.length(3);
    const { coverage, conditions } = cluster.policyOf('p').status ?? {};
    expect(coverage?.failed).to.be.within(1, 2);
    expect(conditions?.find(({ type }) => type === 'Covered')?.status).to.equal('False');
    await cluster.cleanUp('s');
    expect(cluster.jobs.map(({ metadata }) => metadata.name.split('-').at(-1))).to.have.length(3);
  });

  it('retries at once after its Job was deleted', async () => {
    await cluster.reconcile('s');
    const [job] = cluster.jobs;
    await cluster.api.delete(RESOURCES.jobs, { namespace: 'vigil-system', name: job?.metadata.name ?? '' });
    await cluster.reconcile('s');
    expect(cluster.events.map(({ reason }) => reason)).to.deep.equal(['JobGone', 'JobGone']);
    expect((await cluster.finish('s')).status?.phase).to.equal('Complete');
  });

  it('is planned again if its documents are deleted', async () => {
    await cluster.reconcile('s');
    for (const { metadata } of [...cluster.api.objects.values()].filter(({ metadata: { name } }) => /-(input|shards)-/.test(name)))
      await cluster.api.delete(RESOURCES.configMaps, metadata);
    await cluster.restart();
    const lost = cluster.jobs[0]?.metadata.uid;
    await cluster.api.create(RESOURCES.pods, {
      metadata: {
        ...{ namespace: 'vigil-system', name: 'waiting', creationTimestamp: '2025-12-31T00:00:00Z' },
        labels: { 'batch.kubernetes.io/job-name': cluster.jobs[0]?.metadata.name ?? '' },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: lost ?? '' }],
      },
      status: { phase: 'Failed', containerStatuses: [{ name: 'worker', state: { terminated: { exitCode: 1 } } }] },
    } as never);
    await cluster.api.patch(RESOURCES.jobs, cluster.jobs[0]?.metadata ?? { name: '' }, { status: { failedIndexes: '0-1' } });
    for (let step = 0; step < 6 && phase() !== 'Complete'; step++) {
      await cluster.reconcile('s');
      await cluster.runJobs('s');
    }
    expect(cluster.scanOf('s').status).to.deep.include({ phase: 'Complete', progress: '2/2' });
    expect(reports()).to.deep.equal(all);
  });

  it('writes a report again that another tool changed while it ran', async () => {
    await cluster.reconcile('s');
    await cluster.runJobs('s');
    let isEdited = false;
    cluster.api.onCall = async ({ method = 'GET', path }) => {
      if (isEdited || method !== 'GET' || !path.endsWith('/policyreports') || reports().length < 3) return;
      isEdited = true;
      await cluster.api.patch(RESOURCES.reports, { namespace: 'blue', name: 'vigil-deployment-web' }, { results: [], summary: {} });
    };
    await cluster.reconcile('s');
    expect([phase(), isEdited, cluster.reports.get('blue/vigil-deployment-web')?.results?.length]).to.deep.equal(['Complete', true, 1]);
  });

  it('waits while a CRD is missing, with one Event', async () => {
    cluster.crds = [{ crd: 'policyreports.wgpolicyk8s.io', reason: 'CRDMissing', message: 'the CRD is missing' }];
    expect(await cluster.reconcile('s')).to.deep.equal({ requeueAfter: 1000, failed: false });
    await cluster.reconcile('s');
    expect(condition(cluster.scanOf('s'), 'Reconciling')).to.equal('True CRDMissing: the CRD is missing');
    expect(cluster.events).to.deep.equal([{ type: 'Warning', reason: 'CRDMissing', message: 'the CRD is missing' }]);
    cluster.crds = [];
    expect((await cluster.finish('s')).status?.phase).to.equal('Complete');
  });

  it('names the missing CRD when the API server only says that it does not find it', async () => {
    await cluster.reconcile('s');
    await cluster.runJobs('s');
    cluster.crds = [{ crd: 'policyreports.wgpolicyk8s.io', reason: 'CRDMissing', message: 'the CRD is missing' }];
    cluster.api.onCall = ({ path }) => {
      if (path.endsWith('policyreports')) throw new KubeApiError('the server could not find the requested resource', { status: 404 });
    };
    expect((await cluster.reconcile('s')).failed).to.equal(true);
    expect(condition(cluster.scanOf('s'), 'Reconciling')).to.equal('True HeldUp: retrying after an error: the CRD is missing');
    cluster.crds = [];
    cluster.now += 60_000;
    expect((await cluster.reconcile('s')).failed).to.equal(true);
    expect(condition(cluster.scanOf('s'), 'Reconciling')).to.match(/could not find the requested resource$/);
  });

  it('is refused if it names a policy that does not exist', async () => {
    await cluster.scan('wrong', { policies: ['nobody'] });
    await cluster.reconcile('wrong');
    expect(cluster.scanOf('wrong').status).to.deep.include({ phase: 'Failed', progress: '0/0', completionTime: '2026-01-01T00:00:30Z' });
    expect(condition(cluster.scanOf('wrong'), 'Failed')).to.equal('True PolicyNotFound: spec.policies: no SecurityPolicy nobody');
    expect(cluster.events.map(({ type, reason }) => `${type} ${reason}`)).to.include('Warning PolicyNotFound');
  });

  it('waits for a quota that refuses its Job, and starts when there is room', async () => {
    cluster.api.onCall = ({ method, path }) => {
      if (method === 'POST' && path.endsWith('/jobs'))
        throw new KubeApiError('jobs.batch "x" is forbidden: exceeded quota: few', { status: 403, reason: 'Forbidden' });
    };
    await cluster.reconcile('s');
    expect(condition(cluster.scanOf('s'), 'Reconciling')).to.match(/^True QuotaExceeded: /);
    cluster.api.onCall = () => undefined;
    expect((await cluster.finish('s')).status?.phase).to.equal('Complete');
  });

  it('fails as Rejected if the Job is invalid', async () => {
    cluster.api.onCall = ({ method, path }) => {
      if (method === 'POST' && path.endsWith('/jobs')) throw new KubeApiError('spec.template: invalid', { status: 422, reason: 'Invalid' });
    };
    await cluster.reconcile('s');
    await cluster.reconcile('s');
    expect(condition(cluster.scanOf('s'), 'Failed')).to.match(
      /^True Rejected: 2 of 2 shards could not be scanned; first failure: Rejected: spec\.template: invalid/,
    );
    expect(cluster.policyOf('p').status?.evaluatedGeneration).to.equal(undefined);
  });

  it('does not run beyond the limit of Scans at a time', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await cluster.scan(name, { full: true });
    for (const name of ['a', 'b', 'c', 'd', 's']) await cluster.reconcile(name);
    expect(condition(cluster.scanOf('s'), 'Reconciling')).to.equal(
      'True Queued: waits for one of 4 running Scans to end: at most 4 Scans run at once (--max-concurrent-scans)',
    );
    expect(phase()).to.equal('Pending');
    await cluster.finish('a');
    expect((await cluster.finish('s')).status?.phase).to.equal('Complete');
  });
});
