import { expect } from 'chai';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BASELINE_NAME } from '../../../operator/anomalies/baseline-store.ts';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { ageBaseline } from './aged-baseline.ts';
import { expectFinding, play, titleOf, unexpected } from './attack.ts';
import { learnedAccounts, learnedAttacks } from './learned-attacks.ts';
import { apply, bindingOf, createAccounts, personOf, stageOf, startWatching } from './scene.ts';
import { administrator, everyMinute, running, usualAccounts, usualWork } from './usual-work.ts';
import { WatchedCluster } from './watched-cluster.ts';

describe('an API server whose usual work is learned', function () {
  this.timeout(240_000);
  const cluster = new WatchedCluster();
  const [red, shop, policy] = [uniqueName('crew'), uniqueName('mall'), uniqueName('watch')];
  let tokens: Readonly<Record<string, string>> = {};
  const stage = stageOf(cluster, red, shop, () => tokens);

  before(async () => {
    cluster.install();
    // Who comes when there is a baseline already is a newcomer.
    kubectl(['-n', 'vigil-system', 'delete', 'configmap', BASELINE_NAME, '--ignore-not-found']);
    for (const name of [red, shop]) kubectl(['create', 'namespace', name]);
    kubectl(['-n', shop, 'create', 'secret', 'generic', 's0', '--from-literal=a=b']);
    apply(personOf('admin', 'view'), personOf(administrator, 'cluster-admin'));
    tokens = createAccounts(
      cluster,
      red,
      learnedAccounts.filter((name) => name !== 'auditor'),
      ['auditor', ...Object.keys(usualAccounts)],
    );
    apply(...Object.entries(usualAccounts).map(([name, role]) => bindingOf(red, name, role)));
    for (const resource of ['pods', 'services']) {
      kubectl(['-n', shop, 'create', 'role', resource, `--resource=${resource}`, '--verb=list']);
      kubectl(['-n', shop, 'create', 'rolebinding', resource, `--role=${resource}`, `--serviceaccount=${red}:auditor`]);
    }
    // An account that reads Secrets, and that has been there for a day. The API server gives every object the time at which it is made.
    const old = new Date(Date.now() - 86_400_000).toISOString().replace(/\.\d+/, '');
    const metadata = { name: 'vault', namespace: shop, uid: crypto.randomUUID(), creationTimestamp: old };
    cluster.files.writeToEtcd(`serviceaccounts/${shop}/vault`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    apply(bindingOf(shop, 'vault'), running(shop, 'web', 0), everyMinute(shop));
    apply({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: policy }, spec: { anomalies: {} } });
    expect(await startWatching(cluster, policy), 'audit events arrive').to.equal(true);
    kubectl(['-n', shop, 'rollout', 'status', 'deployment/web', '--timeout=60s']);
    for (const account of learnedAccounts) await stage.as(account, 'GET', `/api/v1/namespaces/${shop}/pods`);
    await usualWork(stage, 1);
    // Until the last audit events have come, and the changes are joined with them.
    await sleep(12_000);
    await cluster.stop();
    await ageBaseline();
    expect(await startWatching(cluster, policy), 'audit events arrive').to.equal(true);
  });
  after(async () => {
    rmSync(join(cluster.files.staticPods, 'intruder.yaml'), { force: true });
    kubectl(['delete', 'securitypolicy', policy, '--ignore-not-found']);
    kubectl(['delete', 'clusterrolebinding', '-l', `scene in (${red}, ${shop}, people)`]);
    kubectl(['delete', 'node', 'intruder', '--ignore-not-found']);
    kubectl(['annotate', 'node', cluster.node(), 'example.com/tunnel-']);
    kubectl(['delete', 'crd', '-l', 'scene=toys']);
    kubectl(['delete', 'namespace', red, shop, '--wait=false', '--ignore-not-found']);
    await cluster.stop();
  });

  it('has learned, and finds nothing in the same work with other names and versions', async () => {
    await usualWork(stage, 2);
    await sleep(15_000);
    const learning = kubectl(['get', 'securitypolicy', policy, '-o', 'jsonpath={.status.anomalies.learning}']);
    expect([learning, cluster.anomalies()]).to.deep.equal(['', []]);
  });

  describe('attacks by users who are known', () => {
    const attacks = learnedAttacks(stage);
    let found: Awaited<ReturnType<typeof play>>;
    before(async () => {
      found = await play(cluster, attacks);
    });
    for (const attack of attacks)
      it(titleOf(attack, red), () => {
        expectFinding(attack, found.get(attack), cluster);
      });

    it('nothing else is reported', () => {
      expect(unexpected(attacks, cluster.anomalies())).to.deep.equal([]);
    });
  });
});
