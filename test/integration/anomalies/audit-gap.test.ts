import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { apply, startWatching } from './scene.ts';
import { WatchedCluster } from './watched-cluster.ts';

// Five minutes are too long for every run.
const all = process.env['VIGIL_TEST_ALL'] === '1';

describe('changes without an audit event', function () {
  this.timeout(600_000);
  const cluster = new WatchedCluster();
  const [shop, policy] = [uniqueName('gap'), uniqueName('watch')];

  if (!all) return;
  before(async () => {
    cluster.install();
    kubectl(['create', 'namespace', shop]);
    apply({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: policy }, spec: { anomalies: {} } });
    expect(await startWatching(cluster, policy), 'audit events arrive').to.equal(true);
  });
  after(async () => {
    kubectl(['delete', 'securitypolicy', policy, '--ignore-not-found']);
    kubectl(['delete', 'namespace', shop, '--wait=false', '--ignore-not-found']);
    await cluster.stop();
  });

  it('audit-gap names what was written to etcd, past the API server', async () => {
    // Events must come before and after the change: then one is missing, and not all.
    await sleep(65_000);
    const metadata = { name: 'planted', namespace: shop, uid: crypto.randomUUID(), creationTimestamp: '2026-01-01T00:00:00Z' };
    cluster.files.writeToEtcd(`serviceaccounts/${shop}/planted`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    const probe = setInterval(() => void cluster.send(undefined, 'GET', '/version'), 5000);
    await sleep(300_000);
    const found = await cluster.anomaly(({ rule }) => rule === 'audit-gap');
    clearInterval(probe);
    expect(found).to.include({ about: 'ServiceAccount/planted', severity: 'medium', result: 'fail', source: '' });
  });
});
