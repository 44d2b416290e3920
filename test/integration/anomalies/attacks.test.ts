import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { accessAccounts, accessAttacks, cleanAccess } from './access-attacks.ts';
import { expectFinding, play, titleOf, unexpected, type Attack } from './attack.ts';
import { changeAccounts, changeAttacks } from './change-attacks.ts';
import { cleanNode, nodeAccounts, nodeAttacks, runTarget } from './node-attacks.ts';
import { apply, createAccounts, deployment, personOf, stageOf, startWatching } from './scene.ts';
import { WatchedCluster } from './watched-cluster.ts';

describe('attacks on an API server that sends audit events', function () {
  this.timeout(240_000);
  const cluster = new WatchedCluster();
  const [red, shop, policy] = [uniqueName('red'), uniqueName('shop'), uniqueName('watch')];
  let tokens: Readonly<Record<string, string>> = {};
  const stage = stageOf(cluster, red, shop, () => tokens);
  const { user, as } = stage;

  before(async () => {
    cluster.install();
    for (const name of [red, shop]) kubectl(['create', 'namespace', name]);
    kubectl(['label', 'namespace', red, 'pod-security.kubernetes.io/enforce=restricted']);
    for (let index = 0; index < 15; index += 1) kubectl(['-n', shop, 'create', 'secret', 'generic', `s${index}`, '--from-literal=a=b']);
    kubectl(['-n', red, 'create', 'secret', 'generic', 'own', '--from-literal=a=b']);
    kubectl(['-n', red, 'create', 'role', 'own', '--verb=get', '--resource=secrets']);
    apply(...Array.from({ length: 12 }, (_, index) => deployment(shop, `d${index}`)), deployment(shop, 'known'));
    // A user that a binding names before Vigil starts is no newcomer.
    apply(personOf('admin', 'view'));
    apply({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: policy }, spec: { anomalies: {} } });
    expect(await startWatching(cluster, policy), 'audit events arrive').to.equal(true);
    // The kubelet that starts the pod shows that the node reaches the API server with its own address.
    await runTarget(shop);
    // While Vigil learns, it reports what is sensitive of accounts that are new: these did not exist when it started.
    // Each attack has an account of its own, so that no finding hides another.
    tokens = createAccounts(cluster, red, [...changeAccounts, ...accessAccounts, ...nodeAccounts], ['prober', 'cart']);
    kubectl(['-n', red, 'create', 'rolebinding', 'own', '--role=own', `--serviceaccount=${red}:cart`]);
  });
  after(async () => {
    kubectl(['delete', 'securitypolicy', policy, '--ignore-not-found']);
    kubectl(['delete', 'clusterrolebinding', `${red}-everybody`, '--ignore-not-found']);
    kubectl(['delete', 'clusterrolebinding', '-l', `scene in (${red}, people)`]);
    kubectl(['delete', 'validatingwebhookconfiguration,certificatesigningrequest', red, '--ignore-not-found']);
    cleanAccess(red);
    cleanNode();
    kubectl(['delete', 'namespace', red, shop, '--wait=false', '--ignore-not-found']);
    await cluster.stop();
  });

  const attacks: readonly Attack[] = [...accessAttacks(stage), ...nodeAttacks(stage), ...changeAttacks(stage)];
  describe('attacks of which each is reported within 60 seconds', () => {
    let found: Awaited<ReturnType<typeof play>>;
    before(async () => {
      found = await play(cluster, attacks);
    });
    for (const attack of attacks)
      it(titleOf(attack, red), () => {
        expectFinding(attack, found.get(attack), cluster);
      });

    it('nothing else is reported of the attackers', () => {
      // Several accounts attack one pod: the next test expects that.
      const isOfTarget = ({ rule, about }: { rule: string; about: string }): boolean =>
        rule === 'attack-sequence' && about === 'Pod/target';
      expect(unexpected(attacks, cluster.anomalies()).filter((seen) => !isOfTarget(seen))).to.deep.equal([]);
    });

    it('what several accounts do to one pod is a sequence that names them', () => {
      const sequence = cluster.anomalies().find(({ rule, about }) => rule === 'attack-sequence' && about === 'Pod/target');
      expect(new Set(sequence?.actor.match(/system:serviceaccount:[^ ,]+/g)).size).to.equal(3);
    });
  });

  describe('then', () => {
    it('anonymous-access is reported after somebody allowed it', async () => {
      expect(await cluster.send(undefined, 'GET', `/api/v1/namespaces/${shop}/pods`)).to.equal(200);
      const found = await cluster.anomaly(({ rule }) => rule === 'anonymous-access');
      expect(found).to.include({ actor: 'system:anonymous', about: 'User/system:anonymous' });
    });

    it('several findings of one account are a sequence', async () => {
      await as('poder', 'GET', '/api/v1/secrets?limit=1');
      const found = await cluster.anomaly(({ rule, about }) => rule === 'attack-sequence' && about === 'ServiceAccount/poder');
      expect(found).to.include({ severity: 'critical', actor: user('poder') });
    });

    it('what is normal is no finding: an account that reads the Secret of its own namespace, controllers, and the operator', async () => {
      expect(await as('cart', 'GET', `/api/v1/namespaces/${red}/secrets/own`)).to.equal(200);
      await sleep(15_000);
      const quiet = cluster
        .anomalies()
        .filter(({ actor }) => actor === user('cart') || /^system:(kube-|apiserver|serviceaccount:kube-system)/.test(actor));
      expect(quiet).to.deep.equal([]);
    });

    it('the policy counts the anomalies, and is not compliant', () => {
      const { status } = JSON.parse(kubectl(['get', 'securitypolicy', policy, '-o', 'json'])) as {
        status: {
          anomalies: { open: number; dropped: number };
          failing: { critical: number };
          conditions: { type: string; status: string }[];
        };
      };
      expect(status.anomalies.open).to.be.greaterThan(attacks.length - 1);
      expect([status.anomalies.dropped, status.failing.critical >= 4]).to.deep.equal([0, true]);
      const state = Object.fromEntries(status.conditions.map((condition) => [condition.type, condition.status]));
      expect(state).to.include({ Observing: 'True', Compliant: 'False' });
    });

    it('another leader continues with what the first one learned and found', async () => {
      const before = cluster.anomalies().toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
      await cluster.stop();
      cluster.start();
      await sleep(40_000);
      expect(cluster.anomalies().toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))).to.deep.equal(before);
    });

    it('an exception accepts a finding', async () => {
      apply({
        apiVersion: 'vigil.dev/v1alpha1',
        kind: 'SecurityException',
        metadata: { name: 'lister', namespace: red },
        spec: {
          reason: 'the backup lists all Secrets',
          targets: [{ apiGroup: '', kind: 'ServiceAccount', names: ['lister'] }],
          checks: [{ name: 'cluster-wide-secret-list' }],
        },
      });
      const found = await cluster.anomaly(
        ({ rule, about, result }) => rule === 'cluster-wide-secret-list' && about === 'ServiceAccount/lister' && result === 'skip',
      );
      expect(found).to.not.equal(undefined);
    });
  });
});
