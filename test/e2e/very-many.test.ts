import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { ANNOTATIONS } from '../../operator/api/group.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { listAll } from '../../operator/kube/list.ts';
import { readLedger } from '../../operator/reports/identity/policy-ledger.ts';
import { concurrently } from '../../operator/reports/publishing/concurrently.ts';
import { kubectl, testClient } from '../integration/cluster-access.ts';
import { eventually, install, makeScan, reportsIn, scanEnded } from './installation.ts';

const all = process.env['VIGIL_TEST_ALL'] === '1';
const policies = all ? 500 : 130;
const namespaces = all ? 2000 : 100;
const namespace = 'limits';
const label = 'test.vigil.dev/limits';
/** From the highest to the lowest. */
const severities = ['critical', 'high', 'medium', 'low'] as const;
const nameOf = (index: number): string => `limits-${String(index).padStart(3, '0')}`;

const policy = (index: number): KubeObject =>
  ({
    metadata: { name: nameOf(index), labels: { [label]: 'true' } },
    spec: {
      frameworks: [{ name: 'pss-restricted' }, { name: 'nsa' }],
      scope: { namespaces: { include: [namespace] } },
      reporting: { passing: 'List' },
    },
  }) as unknown as KubeObject;

/** A Deployment of nearly 1.5 MiB, the limit of etcd. */
const largest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'largest', namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'largest' } },
    template: {
      metadata: { labels: { app: 'largest' } },
      spec: { containers: [{ name: 'main', image: '127.0.0.1:5000/pause:1', env: [{ name: 'LARGE', value: 'x'.repeat(1_400_000) }] }] },
    },
  },
};

describe(`${policies} policies at once, ${namespaces} namespaces, an object of 1.4 MB, thousands of results on one owner`, function () {
  this.timeout(all ? 900_000 : 420_000);
  const client = testClient();
  const live = async (): Promise<SecurityPolicy[]> =>
    listAll<SecurityPolicy>(client, RESOURCES.policies, { labelSelector: `${label}=true` });

  before(async () => {
    await install();
    kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
    kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(largest));
    const many = Array.from({ length: namespaces }, (_, index) => `limits-n${index}`);
    await concurrently(many, 8, async (name) => {
      await client.create(RESOURCES.namespaces, { metadata: { name, labels: { [label]: 'true' } } });
    });
  });

  after(() => {
    kubectl(['delete', 'securitypolicies', '-l', `${label}=true`, '--wait=false']);
    kubectl(['delete', 'namespaces', '-l', `${label}=true`, '--wait=false']);
    kubectl(['delete', '--ignore-not-found', '--wait=false', `namespace/${namespace}`]);
  });

  it('scans the policies together, and evaluates each of them', async () => {
    const before = new Set((await listAll<Scan>(client, RESOURCES.scans)).map(({ metadata }) => metadata.name));
    await concurrently(
      Array.from({ length: policies }, (_, index) => index),
      8,
      async (index) => {
        await client.create(RESOURCES.policies, policy(index));
      },
    );
    await eventually(
      'every policy is evaluated',
      async () => {
        const found = await live();
        return found.length === policies && found.every(({ status }) => status?.evaluatedGeneration === 1) ? true : undefined;
      },
      all ? 600 : 300,
    );
    const scans = await listAll<Scan>(client, RESOURCES.scans);
    const made = scans.filter(({ metadata: { name, annotations } }) => !before.has(name) && annotations?.[ANNOTATIONS.generations]);
    expect(made.length).to.be.lessThan(12);
    expect(made.flatMap(({ spec }) => spec.policies ?? []).toSorted()).to.deep.equal(
      Array.from({ length: policies }, (_, at) => nameOf(at)),
    );
    const ended = await Promise.all(made.map(({ metadata }) => scanEnded(metadata.name)));
    expect(ended.map(({ status }) => status?.phase)).to.deep.equal(made.map(() => 'Complete'));
  });

  it('limits the size of a report with thousands of results, and counts all of them', async () => {
    const report = (await reportsIn(namespace)).find(({ scope }) => scope?.name === 'largest');
    const { results = [], summary } = report ?? {};
    const counted = Object.values(summary ?? {}).reduce<number>((sum, count) => sum + (count ?? 0), 0);
    expect(counted).to.be.greaterThan(3000);
    const rest = results.filter(({ rule }) => rule === 'truncated');
    expect(
      rest.map(({ properties }) => properties?.['truncated']),
      'results left out',
    ).to.deep.equal([String(counted - results.length + 1)]);
    // No omitted result is more severe than a kept one.
    const ledger = Object.values(readLedger(report?.metadata.annotations?.[ANNOTATIONS.policies]));
    const kept = (wanted: string): number => results.filter(({ result, severity }) => result === 'fail' && severity === wanted).length;
    const short = severities.findIndex((severity) => kept(severity) < ledger.reduce((sum, { failing }) => sum + failing[severity], 0));
    const milder = short < 0 ? [] : severities.slice(short + 1);
    expect(milder.map(kept), 'milder failures than the first that is left out').to.deep.equal(milder.map(() => 0));
    expect(results.some(({ result }) => result === 'pass') && short >= 0, 'passes beside failures that are left out').to.equal(false);
    expect(kept('high')).to.be.greaterThan(0);
    expect(JSON.stringify(report).length).to.be.within(500_000, 1_250_000);
  });

  it('finds the violations in each of very many namespaces', async () => {
    const everywhere = { metadata: { name: 'limits-everywhere', labels: { [label]: 'true' } } };
    const spec = { controls: [{ name: 'netpol-default-deny' }], scope: { namespaces: { include: ['limits-n*'] } } };
    await client.create(RESOURCES.policies, { ...everywhere, spec } as unknown as KubeObject);
    const { status } = await scanEnded(await makeScan({ policies: ['limits-everywhere'] }), all ? 600 : 120);
    expect(status?.coverage).to.deep.include({ inScope: namespaces, scanned: namespaces, failed: 0 });
    expect(status?.summary?.fail).to.equal(namespaces);
  });

  it('records the policies of a scan of all policies', async () => {
    const { status } = await scanEnded(await makeScan({ namespaces: { include: [namespace] } }), all ? 300 : 120);
    const names = status?.policies?.map(({ name }) => name) ?? [];
    expect([status?.phase, names.filter((name) => name.startsWith('limits-')).length]).to.deep.equal(['Complete', policies + 1]);
  });
});
