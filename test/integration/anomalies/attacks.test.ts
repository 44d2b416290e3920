import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { accessAccounts, accessAttacks, cleanAccess } from './access-attacks.ts';
import type { Attack, Stage } from './attack.ts';
import { cleanNode, nodeAccounts, nodeAttacks, target, targetRuns } from './node-attacks.ts';
import { signingRequest, WatchedCluster } from './watched-cluster.ts';

describe('attacks on an API server that sends audit events', function () {
  this.timeout(240_000);
  const cluster = new WatchedCluster();
  const [red, shop, policy] = [uniqueName('red'), uniqueName('shop'), uniqueName('watch')];
  const user = (account: string): string => `system:serviceaccount:${red}:${account}`;
  const tokens: Record<string, string> = {};
  const as = (account: string, method: string, path: string, body?: object, headers?: Record<string, string>): Promise<number> =>
    cluster.send(tokens[account], method, path, { ...(body ? { body } : {}), ...(headers ? { headers } : {}) });
  const apply = (...objects: readonly object[]): string =>
    kubectl(['apply', '--server-side', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  const rbac = 'rbac.authorization.k8s.io';
  const admin = (name: string): object => ({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `${red}-${name}` },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name, namespace: red }],
  });
  const pod = (name: string, spec: object): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: shop }, spec });
  const deployment = (name: string): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: shop },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] } },
    },
  });
  /** Each attack has an account of its own, so that no finding hides another. */
  const accounts = [
    'binder',
    'lister',
    'reader',
    'minter',
    'actor',
    'hooker',
    'loosener',
    'eraser',
    'poder',
    'deleter',
    'approver',
    ...accessAccounts,
    ...nodeAccounts,
  ];

  before(async () => {
    cluster.install();
    for (const name of [red, shop]) kubectl(['create', 'namespace', name]);
    kubectl(['label', 'namespace', red, 'pod-security.kubernetes.io/enforce=restricted']);
    for (let index = 0; index < 15; index += 1) kubectl(['-n', shop, 'create', 'secret', 'generic', `s${index}`, '--from-literal=a=b']);
    kubectl(['-n', red, 'create', 'secret', 'generic', 'own', '--from-literal=a=b']);
    kubectl(['-n', red, 'create', 'role', 'own', '--verb=get', '--resource=secrets']);
    apply(...Array.from({ length: 12 }, (_, index) => deployment(`d${index}`)));
    apply(target(shop), { ...deployment('known') });
    await targetRuns(shop);
    apply({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: policy }, spec: { anomalies: {} } });
    cluster.start();
    for (let seconds = 0; seconds < 90; seconds += 1) {
      if (kubectl(['get', 'securitypolicy', policy, '-o', 'jsonpath={.status.anomalies.learning.progress}']) !== '') break;
      await sleep(1000);
    }
    // An API server that had no receiver has lost events, and pauses before it tries again: the first event that is seen ends the wait.
    const probe = setInterval(() => void cluster.send(undefined, 'GET', '/version'), 500);
    const arrived = await cluster.firstEvent();
    clearInterval(probe);
    expect(arrived, 'audit events arrive').to.equal(true);
    // While Vigil learns, it reports what is sensitive of accounts that are new: these did not exist when it started.
    for (const name of [...accounts, 'prober', 'cart']) kubectl(['-n', red, 'create', 'serviceaccount', name]);
    apply(...accounts.map(admin));
    kubectl(['-n', red, 'create', 'rolebinding', 'own', '--role=own', `--serviceaccount=${red}:cart`]);
    for (const name of [...accounts, 'prober', 'cart']) tokens[name] = cluster.tokenOf(red, name);
  });
  after(async () => {
    kubectl(['delete', 'securitypolicy', policy, '--ignore-not-found']);
    kubectl(['delete', 'clusterrolebinding', `${red}-everybody`, ...accounts.map((name) => `${red}-${name}`), '--ignore-not-found']);
    kubectl(['delete', 'validatingwebhookconfiguration,certificatesigningrequest', red, '--ignore-not-found']);
    cleanAccess(red);
    cleanNode();
    kubectl(['delete', 'namespace', red, shop, '--wait=false', '--ignore-not-found']);
    await cluster.stop();
  });

  const stage: Stage = { cluster, red, shop, user, as };
  const attacks: readonly Attack[] = [
    ...accessAttacks(stage),
    ...nodeAttacks(stage),
    {
      rule: 'binding-to-everybody',
      about: `ClusterRoleBinding/${red}-everybody`,
      actor: user('binder'),
      severity: 'critical',
      act: () =>
        as('binder', 'POST', `/apis/${rbac}/v1/clusterrolebindings`, {
          metadata: { name: `${red}-everybody` },
          roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
          subjects: [{ apiGroup: rbac, kind: 'User', name: 'system:anonymous' }],
        }),
    },
    {
      rule: 'cluster-wide-secret-list',
      about: 'ServiceAccount/lister',
      actor: user('lister'),
      severity: 'high',
      act: () => as('lister', 'GET', '/api/v1/secrets?limit=1'),
    },
    {
      rule: 'secret-spread',
      about: 'ServiceAccount/reader',
      actor: user('reader'),
      severity: 'high',
      act: async () => {
        for (let index = 0; index < 15; index += 1) await as('reader', 'GET', `/api/v1/namespaces/${shop}/secrets/s${index}`);
      },
    },
    {
      rule: 'token-request',
      about: 'ServiceAccount/cart',
      actor: user('minter'),
      severity: 'high',
      act: () => as('minter', 'POST', `/api/v1/namespaces/${red}/serviceaccounts/cart/token`, { spec: { expirationSeconds: 172_800 } }),
    },
    {
      rule: 'impersonation',
      about: 'ServiceAccount/actor',
      actor: user('actor'),
      severity: 'critical',
      act: () => as('actor', 'GET', '/api/v1/namespaces', undefined, { 'impersonate-user': 'eve', 'impersonate-group': 'system:masters' }),
    },
    {
      rule: 'webhook-configuration',
      about: `ValidatingWebhookConfiguration/${red}`,
      actor: user('hooker'),
      severity: 'critical',
      act: () =>
        as('hooker', 'POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
          metadata: { name: red },
          webhooks: [
            {
              name: 'a.example.com',
              clientConfig: { url: 'https://203.0.113.9/' },
              failurePolicy: 'Ignore',
              timeoutSeconds: 1,
              sideEffects: 'None',
              admissionReviewVersions: ['v1'],
              namespaceSelector: { matchLabels: { none: 'none' } },
              rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['secrets'], operations: ['CREATE'] }],
            },
          ],
        }),
    },
    {
      rule: 'guardrail-loosened',
      about: `Namespace/${red}`,
      actor: user('loosener'),
      act: () =>
        as('loosener', 'PATCH', `/api/v1/namespaces/${red}`, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': null } } }),
    },
    {
      rule: 'host-takeover-pod',
      about: 'Pod/takeover',
      actor: user('poder'),
      severity: 'critical',
      act: () =>
        as(
          'poder',
          'POST',
          `/api/v1/namespaces/${shop}/pods`,
          pod('takeover', {
            hostPID: true,
            containers: [{ name: 'a', image: 'example.com/a:1', securityContext: { privileged: true } }],
            volumes: [{ name: 'root', hostPath: { path: '/' } }],
          }),
        ),
    },
    {
      rule: 'miner-or-tool',
      about: 'Pod/miner',
      actor: user('poder'),
      act: () =>
        as('poder', 'POST', `/api/v1/namespaces/${shop}/pods`, pod('miner', { containers: [{ name: 'a', image: 'xmrig/xmrig:6' }] })),
    },
    {
      rule: 'mass-deletion',
      actor: user('deleter'),
      act: async () => {
        for (let index = 0; index < 12; index += 1) await as('deleter', 'DELETE', `/apis/apps/v1/namespaces/${shop}/deployments/d${index}`);
      },
    },
    {
      rule: 'certificate-request',
      about: `CertificateSigningRequest/${red}`,
      actor: user('approver'),
      act: () =>
        as('approver', 'POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {
          metadata: { name: red },
          spec: {
            request: signingRequest('/CN=system:kube-controller-manager'),
            signerName: 'kubernetes.io/kube-apiserver-client',
            usages: ['client auth'],
          },
        }),
    },
    {
      rule: 'denied-requests',
      about: 'ServiceAccount/prober',
      actor: user('prober'),
      act: async () => {
        for (let index = 0; index < 15; index += 1) await as('prober', 'GET', `/api/v1/namespaces/${shop}/configmaps/c${index}`);
      },
    },
  ];
  for (const { rule, about, actor, severity, act } of attacks)
    it(`${rule}${about === undefined ? '' : ` about ${about.replaceAll(red, 'red')}`} is reported with its actor within 60 seconds`, async () => {
      await act();
      // The audit event that names the actor may come a moment after the change.
      const found = await cluster.anomaly((seen) => seen.rule === rule && seen.about === (about ?? seen.about) && seen.actor === actor);
      expect(found, JSON.stringify(cluster.anomalies().filter((seen) => seen.rule === rule))).to.include({ result: 'fail' });
      if (severity !== undefined) expect(found?.severity).to.equal(severity);
    });

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
