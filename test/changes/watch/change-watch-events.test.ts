import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { ChangeWatch } from '../../../operator/changes/watch/change-watch.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import { ClusterApi } from '../../kube/cluster-api.ts';
import { desired } from '../../reports/published-reports.ts';

const deployments = builtinResources.find(({ resource }) => resource === 'deployments') as ApiResource;
const early = Date.parse('2026-01-01T00:00:00Z');

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !holds(); turn++) await new Promise(setImmediate);
  expect(holds(), what).to.equal(true);
}

describe('ChangeWatch', () => {
  let api: ClusterApi;
  let watch: ChangeWatch;
  let seen: string[];
  beforeEach(() => {
    api = new ClusterApi();
    seen = [];
    watch = new ChangeWatch(api, {
      onChange: ({ resource, namespace, name, before, after }) =>
        void seen.push(`${resource.resource} ${namespace}/${name}${before ? '' : ' new'}${after ? '' : ' gone'}`),
      onDrift: (owner, namespace) => void seen.push(`drift ${namespace} ${owner ? `${owner.kind} ${owner.name}` : 'cluster'}`),
      onTotals: () => void seen.push('totals'),
      onError: ({ resource }, error) => void seen.push(`error ${resource}: ${(error as Error).message}`),
      onRecovered: () => void seen.push('recovered'),
    });
  });
  afterEach(() => watch.stop());

  const paths: Readonly<Record<string, string>> = {
    pods: '/api/v1/pods',
    deployments: '/apis/apps/v1/deployments',
    reports: '/apis/wgpolicyk8s.io/v1alpha2/policyreports',
  };
  function send(resource: string, type: string, object: KubeObject): void {
    api.watchOf(paths[resource] ?? '')?.write(`${JSON.stringify({ type, object })}\n`);
  }
  const pod = (name: string, resourceVersion: string, more: object = {}): KubeObject => ({
    metadata: { namespace: 'shop', name, resourceVersion, ...more },
  });
  async function follow(resources: readonly ApiResource[] = [RESOURCES.pods], since = early, joined?: number): Promise<void> {
    await watch.follow(resources, since, joined);
    await until('it is ready', () => watch.ready);
    await until(
      'it watches',
      () =>
        api.watchOf(paths['reports'] ?? '') !== undefined &&
        resources.every(({ resource }) => api.watchOf(paths[resource] ?? '') !== undefined),
    );
    watch.release();
  }
  const changes = (): string[] => seen.filter((text) => text !== 'totals');

  it('reports what was written after the last scan, once the first lists are complete', async () => {
    await api.create(RESOURCES.pods, pod('old', '1', { creationTimestamp: '2025-01-01T00:00:00Z' }));
    await api.create(RESOURCES.pods, pod('new', '2', { creationTimestamp: '2026-02-01T00:00:00Z' }));
    await watch.follow([RESOURCES.pods], early);
    await until('it is ready', () => watch.ready);
    expect(changes()).to.deep.equal([]);
    watch.release();
    expect([changes(), watch.size, watch.problems]).to.deep.equal([['pods shop/new new'], 2, []]);
    watch.release();
    expect(changes()).to.have.length(1);
  });

  it('reports creations, changes that a check could see, and deletions', async () => {
    await api.create(RESOURCES.pods, pod('a', '1', { creationTimestamp: '2025-01-01T00:00:00Z', generation: 1 }));
    await follow();
    send('pods', 'ADDED', pod('b', '7'));
    send('pods', 'MODIFIED', pod('a', '8', { generation: 2 }));
    send('pods', 'MODIFIED', pod('a', '9', { generation: 2 }));
    send('pods', 'DELETED', pod('b', '10'));
    send('pods', 'DELETED', pod('never', '11'));
    send('pods', 'ADDED', pod('c', '12'));
    await until('the last is reported', () => seen.includes('pods shop/c new'));
    expect(changes()).to.deep.equal(['pods shop/b new', 'pods shop/a', 'pods shop/b gone', 'pods shop/c new']);
    expect(watch.indexes.get(RESOURCES.pods)?.has('shop', 'b')).to.equal(false);
  });

  it('names a kind that cannot be listed, and is ready without it, until it can', async () => {
    let forbidden = true;
    api.onCall = ({ path }) => {
      if (forbidden && path.endsWith('/deployments')) throw new KubeApiError('forbidden', { status: 403, retryAfterSeconds: 0.01 });
    };
    await watch.follow([RESOURCES.pods, deployments], early);
    await until('it is ready', () => watch.ready);
    expect(watch.problems.map(([{ resource }, error]) => [resource, (error as Error).message])).to.deep.equal([
      ['deployments', 'forbidden'],
    ]);
    expect(changes()[0]).to.equal('error deployments: forbidden');
    forbidden = false;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await until('it recovers', () => seen.includes('recovered'));
    expect(watch.problems).to.deep.equal([]);
  });

  it('ends the watches of kinds that are not asked for any more, and keeps the others', async () => {
    await follow([RESOURCES.pods, deployments]);
    const [ofPods, ofDeployments] = [api.watchOf(paths['pods'] ?? ''), api.watchOf(paths['deployments'] ?? '')];
    const kept = await watch.follow([{ ...RESOURCES.pods }], early);
    expect(kept).to.deep.equal([RESOURCES.pods]);
    expect(kept[0]).to.equal(RESOURCES.pods);
    expect([ofPods?.writableEnded, ofDeployments?.writableEnded, watch.indexes.size]).to.deep.equal([false, true, 1]);
  });

  it('counts the reports, and reports objects whose report another tool changed or deleted', async () => {
    await new ReportPublisher(api).publish([desired('a', ['one', 'two'])]);
    await follow();
    expect(watch.totals?.get('web')?.summary.fail).to.equal(2);
    expect(changes()).to.deep.equal([]);
    const report = [...api.objects].find(([path]) => path.includes('policyreports/'))?.[1] as KubeObject;
    const changed = (more: object, version: string): KubeObject => ({
      ...report,
      metadata: { ...report.metadata, resourceVersion: version, ...more },
    });
    seen.length = 0;
    send('reports', 'MODIFIED', changed({}, '100'));
    send('reports', 'MODIFIED', changed({ managedFields: [...(report.metadata.managedFields ?? []), { manager: 'kubectl' }] }, '101'));
    await until('the edit is reported', () => seen.length === 1);
    send('reports', 'DELETED', changed({}, '102'));
    await until('the deletion is reported', () => changes().length === 2);
    expect(changes()).to.deep.equal(['drift shop ConfigMap a', 'drift shop ConfigMap a']);
    expect([seen.includes('totals'), watch.totals?.get('web')?.summary.fail]).to.deep.equal([true, 0]);
  });

  it('does not know the totals while it is paused or stopped', async () => {
    await follow();
    await until('the totals are known', () => watch.totals !== undefined);
    await watch.pause();
    expect([watch.totals, watch.indexes.size]).to.deep.equal([undefined, 1]);
    await follow();
    await until('the totals are known again', () => watch.totals !== undefined);
    await watch.stop();
    expect([watch.totals, watch.indexes.size, watch.size]).to.deep.equal([undefined, 0, 0]);
  });
});
