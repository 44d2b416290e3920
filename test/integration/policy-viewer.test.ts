import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, uniqueName } from './cluster-access.ts';

/** The command of the README that binds the ClusterRole, without `kubectl` and without the name of the group. */
const readme = /^kubectl (create clusterrolebinding \S+ --clusterrole=vigil-policy-viewer --group=)TEAM$/m;

describe('the permissions of users who read policies and reports', function () {
  this.timeout(120_000);
  const name = uniqueName('viewer');
  const resources = ['securitypolicies', 'scanschedules', 'scans', 'clusterpolicyreports'];
  const inNamespace = ['-n', name];
  /** A user with a RoleBinding to `view`, one who is also in the bound group, and one with a ClusterRoleBinding to `view`. */
  const [viewer, member, clusterViewer] = [[`--as=${name}`], [`--as=${name}`, `--as-group=${name}`], [`--as=${name}-cluster`]];
  const bind = /^create clusterrolebinding (\S+)/;
  const command = `${readme.exec(readFileSync('README.md', 'utf8'))?.[1] ?? ''}${name}`;

  /** Runs kubectl for a user. Returns its output, or the reason of the server's refusal, such as `Forbidden`. */
  function asUser(user: readonly string[], args: readonly string[], input?: unknown): string {
    try {
      return kubectl([...args, ...user], input === undefined ? '' : JSON.stringify(input)).trim();
    } catch (error) {
      return /\((\w+)\)/.exec((error as Error).message)?.[1] ?? String(error);
    }
  }
  const get = (user: readonly string[], resource: string, ...more: readonly string[]): string =>
    asUser(user, ['get', resource, name, '-o', 'jsonpath={.metadata.name}', ...more]);

  /** Waits for the authorizer, and for the controller that aggregates the ClusterRole `view`. */
  async function waitForAccess(user: readonly string[], ...args: readonly [string, ...string[]]): Promise<void> {
    const end = Date.now() + 30_000;
    while (get(user, ...args) !== name && Date.now() < end) await sleep(250);
  }

  before(() => {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
    kubectl(['apply', '--server-side', '-f', 'config/base/namespace.yaml', '-f', 'config/base/rbac.yaml']);
    kubectl(['create', 'namespace', name]);
    const metadata = { name };
    const vigil = (kind: string, spec: unknown): unknown => ({ apiVersion: 'vigil.dev/v1alpha1', kind, metadata, spec });
    const report = (kind: string, more: object): unknown => ({
      apiVersion: 'wgpolicyk8s.io/v1alpha2',
      kind,
      metadata: { ...metadata, ...more },
    });
    const items = [
      vigil('SecurityPolicy', { frameworks: [{ name: 'pss-restricted' }] }),
      vigil('ScanSchedule', { schedule: '0 3 1 1 *', suspend: true }),
      vigil('Scan', { policies: [name] }),
      report('ClusterPolicyReport', {}),
      report('PolicyReport', { namespace: name }),
    ];
    kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    kubectl(['create', 'rolebinding', name, ...inNamespace, '--clusterrole=view', `--user=${name}`]);
    kubectl(['create', 'clusterrolebinding', name, '--clusterrole=view', `--user=${name}-cluster`]);
    kubectl(command.split(' '));
  });
  after(() => {
    kubectl(['delete', 'clusterrolebinding', name, bind.exec(command)?.[1] ?? name, '--ignore-not-found']);
    for (const resource of resources) kubectl(['delete', resource, name, '--ignore-not-found']);
    kubectl(['delete', 'namespace', name, '--wait=false']);
  });

  it('let a user with the ClusterRole view in a namespace read its reports, and refuse the cluster-scoped resources', async () => {
    await waitForAccess(viewer, 'policyreports', ...inNamespace);
    expect(get(viewer, 'policyreports', ...inNamespace)).to.equal(name);
    expect(resources.map((resource) => get(viewer, resource))).to.deep.equal(resources.map(() => 'Forbidden'));
  });

  it('let the group that the command of the README binds read the cluster-scoped resources', async () => {
    await waitForAccess(member, 'scans');
    expect(resources.map((resource) => get(member, resource))).to.deep.equal(resources.map(() => name));
    for (const resource of resources) expect(asUser(member, ['get', resource, '-o', 'name'])).to.contain(`/${name}`);
    expect(get(member, 'policyreports', ...inNamespace)).to.equal(name);
  });

  it('refuse writes of that group', () => {
    const scan = { apiVersion: 'vigil.dev/v1alpha1', kind: 'Scan', metadata: { name: `${name}-2` }, spec: {} };
    expect(asUser(member, ['create', '-f', '-'], scan)).to.equal('Forbidden');
    for (const resource of resources) expect(asUser(member, ['delete', resource, name])).to.equal('Forbidden');
  });

  it('let a user with a ClusterRoleBinding to view read the cluster-scoped resources', async () => {
    await waitForAccess(clusterViewer, 'scans');
    expect(resources.map((resource) => get(clusterViewer, resource))).to.deep.equal(resources.map(() => name));
  });
});
