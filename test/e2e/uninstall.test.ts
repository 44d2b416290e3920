import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { kubectl, testClient, uniqueName } from '../integration/cluster-access.ts';
import { eventually, install, makeScan, operatorSettled, reportsIn, scanEnded, uninstalled } from './installation.ts';

/** The uninstall commands of README.md. */
function commands(): string[] {
  const readme = readFileSync('README.md', 'utf8');
  const [, block = ''] = /uninstall\.test\.ts runs these commands -->\s*```sh\n([^`]*)```/.exec(readme) ?? [];
  return block
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const labelled = 'app.kubernetes.io/managed-by=vigil';
/** The objects of Vigil in the cluster, by kind and name. */
function remains(): string[] {
  const named = (kinds: string, ...more: string[]): string[] => lines(kubectl(['get', kinds, '--ignore-not-found', '-o', 'name', ...more]));
  const own = named('clusterroles,clusterrolebindings,crds,namespaces,priorityclasses,validatingadmissionpolicies');
  return [
    ...named('policyreports,clusterpolicyreports,jobs,configmaps,pods,leases,serviceaccounts', '-A', '-l', labelled),
    ...named('pods,jobs,configmaps', '-A', '-l', 'vigil.dev/scan'),
    ...named('jobs,configmaps,pods,leases', '-n', 'vigil-system'),
    ...own.filter((name) => /\/vigil|vigil\.dev/.test(name)),
  ];
}

describe('uninstalling Vigil by the commands of README.md, while it runs', function () {
  this.timeout(300_000);
  const client = testClient();
  const policy = uniqueName('uninstall');
  const report = (name: string, more: object = {}): KubeObject =>
    ({ metadata: { name, ...more }, summary: { pass: 1, fail: 0, warn: 0, error: 0, skip: 0 }, results: [] }) as unknown as KubeObject;
  const namespace = 'default';
  const foreign = [
    [RESOURCES.reports, report(uniqueName('other'), { namespace, labels: { 'app.kubernetes.io/managed-by': 'kyverno' } })],
    [RESOURCES.reports, report(uniqueName('vigil-deployment'), { namespace })],
    [RESOURCES.reports, report(uniqueName('claims'), { namespace, labels: { 'app.kubernetes.io/managed-by': 'vigil' } })],
    [RESOURCES.clusterReports, report(uniqueName('other'))],
  ] as const;

  before(async () => {
    await install();
    await operatorSettled();
    const spec = { frameworks: [{ name: 'nsa' }], scope: { systemNamespaces: 'Include' } };
    await client.create(RESOURCES.policies, { metadata: { name: policy }, spec } as KubeObject);
    await eventually('the policy is evaluated', async () => {
      const found = await client.get<KubeObject & { status?: { evaluatedGeneration?: number } }>(RESOURCES.policies, { name: policy });
      return found.status?.evaluatedGeneration === 1 ? true : undefined;
    });
    expect(await reportsIn('kube-system', 'default')).not.to.deep.equal([]);
    for (const [resource, object] of foreign) await client.create(resource, object);
    await scanEnded(await makeScan());
  });

  after(async () => {
    for (const [resource, { metadata }] of foreign) await client.delete(resource, metadata);
    uninstalled();
    await install();
  });

  it('removes all objects of Vigil, and no others', async () => {
    expect(commands()).to.have.length(4);
    // During a scan.
    await makeScan({ full: true });
    expect(remains().length).to.be.greaterThan(20);
    for (const command of commands()) execFileSync('sh', ['-euc', command], { stdio: 'pipe' });
    // The garbage collector deletes owned objects.
    await eventually(
      'no object of Vigil exists',
      () => (remains().filter((name) => !name.includes('policyreport')).length === 0 ? true : undefined),
      120,
    );
    // No object is created again.
    await sleep(5000);
    const claimed = foreign[2][1].metadata.name;
    expect(remains()).to.deep.equal([`policyreport.wgpolicyk8s.io/${claimed}`]);
    for (const [resource, { metadata }] of foreign) expect((await client.get(resource, metadata)).metadata.name).to.equal(metadata.name);
  });

  it('can be repeated, and succeeds if Vigil is not installed', () => {
    for (const command of commands()) execFileSync('sh', ['-euc', command], { stdio: 'pipe' });
  });
});
