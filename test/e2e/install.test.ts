import { expect } from 'chai';
import { kubectl, testClient, uniqueName } from '../integration/cluster-access.ts';
import { install, operatorSettled } from './installation.ts';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';

describe('Vigil installed on a real node', function () {
  this.timeout(180_000);
  const client = testClient();
  const canI = (verb: string, resource: string, ...more: string[]): string => {
    try {
      return kubectl(['auth', 'can-i', verb, resource, '--as=system:serviceaccount:vigil-system:vigil-operator', ...more]).trim();
    } catch (error) {
      return String((error as { stdout?: string }).stdout).trim();
    }
  };

  before(async () => {
    await install();
    await operatorSettled();
  });

  it('runs under the restricted Pod Security Standard, as nobody, with a read-only root file system', () => {
    const pods = JSON.parse(kubectl(['-n', 'vigil-system', 'get', 'pods', '-o', 'json'])) as {
      items: { status: { phase: string; containerStatuses: { restartCount: number }[] } }[];
    };
    expect(pods.items.map(({ status }) => [status.phase, status.containerStatuses[0]?.restartCount])).to.deep.equal([['Running', 0]]);
    const enforced = kubectl([
      'get',
      'namespace',
      'vigil-system',
      '-o',
      'jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}',
    ]);
    expect(enforced).to.equal('restricted');
  });

  it('reconciles a schedule with its permissions', async () => {
    const name = uniqueName('e2e');
    await client.create(RESOURCES.schedules, { metadata: { name }, spec: { schedule: '0 3 1 1 *' } } as KubeObject);
    kubectl(['wait', '--for=condition=Ready', '--timeout=30s', `scanschedule/${name}`]);
    await client.delete(RESOURCES.schedules, { name });
  });

  const forbidden: readonly (readonly [string, string, ...string[]])[] = [
    ['get', 'secrets', '-A'],
    ['list', 'secrets', '-A'],
    ['get', 'nodes', '--subresource=proxy'],
    ['get', 'pods', '--subresource=log', '-n', 'default'],
    ['get', 'pods', '--subresource=log', '-n', 'kube-system'],
    ['create', 'pods', '-n', 'default'],
    ['update', 'securitypolicies.vigil.dev'],
    ['patch', 'scanschedules.vigil.dev'],
    ['create', 'clusterrolebindings.rbac.authorization.k8s.io'],
    ['impersonate', 'users'],
  ];
  for (const [verb, resource, ...more] of forbidden) {
    it(`may not ${[verb, resource, ...more].join(' ')}`, () => {
      expect(canI(verb, resource, ...more)).to.equal('no');
    });
  }

  it('prints the permissions of its two service accounts', () => {
    for (const account of ['vigil-operator', 'vigil-scanner']) {
      const rights = kubectl(['auth', 'can-i', '--list', `--as=system:serviceaccount:vigil-system:${account}`, '-n', 'default']);
      process.stdout.write(`${account} in namespace default:\n${rights}\n`);
      expect(rights).not.to.match(/^secrets/m);
      expect(rights).not.to.match(/^\*\.\*|nodes\/proxy|pods\/log|pods\/exec/m);
    }
  });

  it('lets scanning pods only list', () => {
    const rightsOf = (account: string): string[] =>
      kubectl(['auth', 'can-i', '--list', '--no-headers', `--as=system:serviceaccount:vigil-system:${account}`, '-n', 'vigil-system'])
        .split('\n')
        .filter((line) => /^[a-z]/.test(line))
        // The width of columns depends on the longest entry.
        .map((line) => line.replaceAll(/\s+/g, ' ').trim());
    // The default permissions of all service accounts differ by Kubernetes version.
    const everyones = rightsOf('nobody');
    const rows = rightsOf('vigil-scanner').filter((line) => !everyones.includes(line));
    const others = rows.filter((line) => !/\[list\]\s*$/.test(line));
    expect(rows.length).to.be.greaterThan(20);
    expect(others).to.deep.equal([]);
  });

  it('has the permissions that it needs', () => {
    expect([
      canI('create', 'scans.vigil.dev'),
      canI('patch', 'scanschedules.vigil.dev', '--subresource=status'),
      canI('list', 'securitypolicies.vigil.dev'),
    ]).to.deep.equal(['yes', 'yes', 'yes']);
  });

  it('serves the health endpoints', () => {
    const pod = kubectl(['-n', 'vigil-system', 'get', 'pods', '-o', 'jsonpath={.items[0].metadata.name}']);
    const page = (path: string): string => kubectl(['get', '--raw', `/api/v1/namespaces/vigil-system/pods/${pod}:8080/proxy${path}`]);
    expect([page('/healthz'), page('/readyz')]).to.deep.equal(['ok\n', 'ok\n']);
    expect(page('/metrics')).to.match(/^vigil_leader 1$/m);
    expect(page('/metrics')).to.match(/^vigil_reconcile_total\{controller="scanschedule",result="\w+"\} [1-9]/m);
  });
});
