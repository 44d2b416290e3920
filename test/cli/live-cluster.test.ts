import type { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { connectCluster, ClusterConnectionError, scanCluster, type ClusterScanOptions } from '../../operator/cli/cluster-scan.ts';
import { run as scan } from '../../operator/cli/scan.ts';
import type { SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';
import type { ScanResult } from '../../operator/output/scan-result.ts';
import { MemoryServer } from '../kube/memory-server.ts';
import { Folder, runCommand, type CommandResult } from './command-fixture.ts';

const hostNetwork = { controls: [{ name: 'host-network' }] };
const template = { spec: { hostNetwork: true, containers: [{ name: 'a', image: 'a:1' }] } };
const controlledBy = (kind: string, name: string): object => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: 'u', controller: true }],
});

describe('the scan of a cluster', () => {
  let server: MemoryServer;
  let client: KubeClient;
  let kubeConfig: KubeConfig;
  const put = (path: string, object: { readonly metadata: object }): Promise<unknown> =>
    server.change({ method: 'POST', path, body: object });
  const namespace = (name: string, more: object = {}): Promise<unknown> => put('/api/v1/namespaces', { metadata: { name, ...more } });
  const inNamespace = (group: string, plural: string, home: string, name: string, fields: object, more: object = {}): Promise<unknown> =>
    put(`/${group}/namespaces/${home}/${plural}`, { metadata: { name, namespace: home, ...more }, ...fields });
  const deployment = (home: string, name: string, more: object = {}): Promise<unknown> =>
    inNamespace('apis/apps/v1', 'deployments', home, name, { spec: { template } }, more);
  const pod = (home: string, name: string, more: object = {}, spec: object = template.spec): Promise<unknown> =>
    inNamespace('api/v1', 'pods', home, name, { spec }, more);

  beforeEach(async () => {
    server = new MemoryServer();
    kubeConfig = await server.start();
    client = new KubeClient(new Credentials({ kubeConfig }), { retries: 0 });
    await namespace('shop');
    await namespace('web', { labels: { team: 'a' } });
  });
  afterEach(async () => {
    await client.credentials.close();
    server.stop();
  });

  async function scanned(spec: SecurityPolicySpec = hostNetwork, options: ClusterScanOptions = {}): Promise<ScanResult> {
    const cluster = await connectCluster(undefined, client);
    const set = compilePolicies([{ name: 'p', spec }], { ...cluster, systemNamespaces: ['kube-system'] });
    expect(set.problems).to.deep.equal([]);
    return scanCluster(cluster, set, options);
  }
  const lines = ({ results }: ScanResult): string[] =>
    results.map(({ verdict, check, resource: { kind, namespace: home, name } }) => `${verdict} ${check} ${kind} ${home ?? '-'}/${name}`);
  const refuse = (end: string, status: number): void => {
    server.refuse = (_method, path) => (path.endsWith(end) ? new KubeApiError(`${end} refused`, { status }) : undefined);
  };

  it('is by namespace, kind and name, with the checks of one object in order', async () => {
    await deployment('web', 'b');
    await deployment('web', 'a');
    await deployment('shop', 'z');
    await inNamespace('apis/apps/v1', 'daemonsets', 'web', 'c', { spec: { template } });
    const result = await scanned({ controls: [{ name: 'host-network' }, { name: 'cpu-limits' }] });
    expect(lines(result)).to.deep.equal([
      'fail host-network Deployment shop/z',
      'fail cpu-limits Deployment shop/z',
      'fail host-network DaemonSet web/c',
      'fail cpu-limits DaemonSet web/c',
      'fail host-network Deployment web/a',
      'fail cpu-limits Deployment web/a',
      'fail host-network Deployment web/b',
      'fail cpu-limits Deployment web/b',
    ]);
    expect(result.summary).to.deep.equal({ pass: 0, fail: 8, warn: 0, error: 0, skip: 0 });
  });

  it('is limited to a namespace, the Namespace itself included', async () => {
    await deployment('web', 'a');
    await deployment('shop', 'b');
    const result = await scanned({ controls: [{ name: 'host-network' }, { name: 'namespace-psa-enforced' }] }, { namespace: 'web' });
    expect(lines(result)).to.deep.equal(['fail namespace-psa-enforced Namespace -/web', 'fail host-network Deployment web/a']);
    expect((await scanned(hostNetwork, { namespace: 'gone' })).errors).to.deep.equal([
      { source: { file: 'cluster loaded-context' }, message: 'namespace gone not found' },
    ]);
  });

  it('leaves out namespaces that terminate, and the Namespace itself', async () => {
    await namespace('old', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    await deployment('old', 'a');
    await deployment('shop', 'b');
    const result = await scanned({ controls: [{ name: 'host-network' }, { name: 'namespace-psa-enforced' }] });
    expect(lines(result)).to.deep.equal([
      'fail namespace-psa-enforced Namespace -/shop',
      'fail namespace-psa-enforced Namespace -/web',
      'fail host-network Deployment shop/b',
    ]);
  });

  it('selects namespaces by labels, and evaluates cluster-scoped objects', async () => {
    await deployment('web', 'a');
    await deployment('shop', 'b');
    expect(lines(await scanned({ ...hostNetwork, scope: { namespaces: { selector: { matchLabels: { team: 'a' } } } } }))).to.deep.equal(['fail host-network Deployment web/a']); // prettier-ignore
    await put('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      metadata: { name: 'all' },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    } as never);
    expect(lines(await scanned({ controls: [{ name: 'rbac-wildcard-all' }] }))).to.deep.equal(['fail rbac-wildcard-all ClusterRole -/all']);
  });

  it('evaluates the live pods of a workload with it, and pods without an owner alone', async () => {
    await inNamespace('apis/apps/v1', 'deployments', 'shop', 'web', { spec: { template: { spec: { containers: [] } } } }, { uid: 'u-web' });
    await inNamespace('apis/apps/v1', 'replicasets', 'shop', 'web-1', { spec: { template } }, controlledBy('Deployment', 'web'));
    await pod('shop', 'web-1-a', controlledBy('ReplicaSet', 'web-1'));
    await pod('shop', 'alone');
    const result = await scanned();
    expect(lines(result)).to.deep.equal(['fail host-network Deployment shop/web', 'fail host-network Pod shop/alone']);
    expect(result.results[0]).to.deep.include({ pod: 'web-1-a' });
    expect(result.results[0]?.resource).to.have.property('uid', 'u-web');
  });

  it('evaluates checks that compare objects', async () => {
    await inNamespace('api/v1', 'services', 'shop', 'web', { spec: { selector: { app: 'gone' } } });
    expect(lines(await scanned({ controls: [{ name: 'service-dangling-selector' }] }))).to.deep.equal(['fail service-dangling-selector Service shop/web']); // prettier-ignore
  });

  const failures: readonly [status: number, message: string][] = [
    [403, 'cannot list deployments of apps: deployments refused'],
    [404, 'no longer served: deployments of apps: deployments refused'],
    [410, 'could not list deployments of apps: deployments refused'],
  ];
  for (const [status, message] of failures)
    it(`reports a list that the server refuses with ${status}, and evaluates the rest`, async () => {
      await pod('shop', 'alone');
      refuse('deployments', status);
      const result = await scanned();
      expect(result.errors).to.deep.equal([{ source: { file: 'cluster loaded-context' }, message }]);
      expect(lines(result)).to.deep.equal(['fail host-network Pod shop/alone']);
    });

  it('has an error for a check that reads objects which cannot be listed', async () => {
    await inNamespace('api/v1', 'services', 'shop', 'web', { spec: { selector: { app: 'gone' } } });
    refuse('/pods', 403);
    const result = await scanned({ controls: [{ name: 'service-dangling-selector' }] });
    expect(lines(result)).to.deep.equal(['error service-dangling-selector Service shop/web']);
    expect(result.results[0]?.message).to.include('/pods refused');
    expect(result.errors.map(({ message }) => message)).to.deep.equal(['cannot list pods: /pods refused']);
  });

  it('has an error for a check that reads objects of an API group which cannot be listed', async () => {
    await inNamespace('api/v1', 'services', 'shop', 'web', { spec: { selector: { app: 'gone' } } });
    refuse('/deployments', 403);
    const result = await scanned({ controls: [{ name: 'service-dangling-selector' }] });
    expect(lines(result)).to.deep.equal(['error service-dangling-selector Service shop/web']);
    expect(result.results[0]?.message).to.include('/deployments refused');
  });

  it('reports that namespaces cannot be listed, and uses their names', async () => {
    await deployment('shop', 'b');
    refuse('/namespaces', 403);
    const result = await scanned();
    expect([lines(result), result.errors.length]).to.deep.equal([['fail host-network Deployment shop/b'], 1]);
  });

  it('never reads Secrets, and says so', async () => {
    await inNamespace('api/v1', 'secrets', 'shop', 's', { type: 'kubernetes.io/service-account-token' });
    const rule = {
      name: 'r',
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE' as const], resources: ['secrets'] }],
      },
      validations: [{ expression: 'false' }],
    };
    const result = await scanned({ rules: [rule], controls: [{ name: 'service-account-token-secret' }] });
    expect([lines(result), result.errors.map(({ message }) => message)]).to.deep.equal([
      [],
      ['Vigil does not read Secrets from a cluster. Scan their manifests instead'],
    ]);
    expect(server.api.calls.filter((call) => call.startsWith('GET') && call.includes('secrets'))).to.deep.equal([]);
  });

  it('fails to connect with the reason', async () => {
    server.refuse = () => new KubeApiError('go away', { status: 401 });
    let failure: unknown;
    await connectCluster(undefined, client).catch((error: unknown) => (failure = error));
    expect(failure).to.be.instanceOf(ClusterConnectionError).with.property('message').that.includes('go away');
    expect(failure).to.have.property('cause');
  });

  it('knows the name, the version and the resources of the cluster', async () => {
    const cluster = await connectCluster(undefined, client);
    expect([cluster.name, cluster.kubernetesVersion, cluster.converts]).to.deep.equal(['loaded-context', '1.36', true]);
    expect(cluster.resources).to.deep.include.members([
      { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true },
    ]);
  });

  describe('by vigil scan --cluster', () => {
    const folder = new Folder();
    const before = process.env['KUBECONFIG'];
    const ran = (...args: readonly string[]): Promise<CommandResult> =>
      runCommand(scan, ['--cluster', '--control', 'host-network', ...args]);
    beforeEach(() => {
      process.env['KUBECONFIG'] = folder.file('config', kubeConfig.exportConfig());
    });
    after(() => {
      folder.remove();
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
    });
    const exception = (name: string, spec: object): Promise<unknown> =>
      inNamespace(
        'apis/vigil.dev/v1alpha1',
        'securityexceptions',
        'shop',
        name,
        { spec: { reason: 'accepted for a test', expiresAt: '2036-01-01T00:00:00Z', ...spec } },
        { creationTimestamp: new Date().toISOString() },
      );

    it('prints findings, and exits with 1', async () => {
      await deployment('shop', 'web');
      const { code, out, error } = await ran('-o', 'json');
      expect([code, error]).to.deep.equal([1, '']);
      expect(out).to.include('"host-network"');
    });

    it('applies the exceptions of the cluster, and warns about those that cover nothing', async () => {
      await deployment('shop', 'web');
      await exception('legacy', { expiresAt: undefined, checks: [{ name: 'host-network' }] });
      await exception('wrong', { checks: [{ framework: 'unheard-of' }] });
      const { code, error } = await ran();
      expect(code).to.equal(0);
      expect(error).to.match(/^vigil scan: warning: SecurityException\/shop\/wrong covers nothing: spec\.checks\[0\]\.framework: /);
      expect(error.trimEnd().split('\n')).to.have.length(1);
      expect((await ran('--no-exceptions')).code).to.equal(1);
    });

    it('warns about controls that evaluate Secrets', async () => {
      expect(await ran('--control', 'service-account-token-secret')).to.deep.include({
        code: 0,
        error:
          'vigil scan: warning: control service-account-token-secret evaluates Secrets, which Vigil does not read from a cluster; scan their manifests\n',
      });
    });

    it('warns if it cannot list exceptions', async () => {
      refuse('/securityexceptions', 403);
      expect((await ran()).error).to.equal(
        'vigil scan: warning: cannot list securityexceptions: no SecurityException applies: /securityexceptions refused\n',
      );
    });

    it('has no exceptions in a cluster without their CRDs', async () => {
      server.resources = server.resources.filter(({ group }) => group !== 'vigil.dev');
      await deployment('shop', 'web');
      expect(await ran('-o', 'json')).to.deep.include({ code: 1, error: '' });
      expect(server.api.calls.filter((call) => call.includes('exceptions'))).to.deep.equal([]);
    });

    it('selects namespaces by labels for exceptions', async () => {
      await deployment('shop', 'web');
      await deployment('web', 'web');
      await put('/apis/vigil.dev/v1alpha1/clustersecurityexceptions', {
        metadata: { name: 'team-a' },
        spec: {
          reason: 'accepted for a test',
          expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
          checks: [{ name: 'host-network' }],
          namespaces: { selector: { matchLabels: { team: 'a' } } },
        },
      } as never);
      const { results } = JSON.parse((await ran('-o', 'json')).out) as ScanResult;
      expect(results.map(({ verdict, resource }) => `${verdict} ${resource.namespace ?? ''}`)).to.deep.equal(['fail shop', 'skip web']);
    });

    it('warns only about what is in the baseline of its namespace', async () => {
      const file = folder.file(
        'baseline.json',
        JSON.stringify({
          version: 1,
          findings: ['shop', 'web'].map((home) => ({ kind: 'Deployment.apps', namespace: home, name: 'gone', check: 'host-network' })),
        }),
      );
      const warnings = async (...args: readonly string[]): Promise<number> =>
        (await ran('--baseline', file, ...args)).error.split('\n').length - 1;
      expect([await warnings(), await warnings('--namespace', 'shop'), await warnings('--namespace', 'other')]).to.deep.equal([2, 1, 0]);
    });

    it('says why it cannot connect', async () => {
      const { code, error } = await ran('--context', 'gone');
      expect(code).to.equal(2);
      expect(error).to.match(/^vigil scan: --cluster: .*gone/);
    });

    it('uses --namespace, and --kubernetes-version in place of that of the cluster', async () => {
      await deployment('web', 'a');
      expect((await ran('--namespace', 'shop')).code).to.equal(0);
      const versions = await Promise.all([[], ['--kubernetes-version', '1.20']].map((args) => runCommand(scan, ['--cluster', '--framework', 'pss-baseline', '-o', 'json', ...args]))); // prettier-ignore
      expect(versions.map(({ out }) => /pss-baseline@1\.\d+/.exec(out)?.[0])).to.deep.equal(['pss-baseline@1.36', 'pss-baseline@1.20']);
    });
  });
});
