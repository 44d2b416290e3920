import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { ANNOTATIONS, LABELS } from '../../../operator/api/group.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { removePolicies } from '../../../operator/reports/sweeping/policy-removal.ts';
import { ReportPublisher, type ReportConflict, type DesiredReport } from '../../../operator/reports/publishing/report-publisher.ts';
import { readReports } from '../../../operator/reports/sweeping/report-sweeper.ts';
import { buildReport } from '../../../operator/reports/building/report-builder.ts';
import { ownershipOf } from '../../../operator/reports/identity/report-ownership.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

const published = '../shared/crds';

describe('ownership of reports, on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const namespace = uniqueName('owner');
  const conflicts: ReportConflict[] = [];
  const told: (string | undefined)[] = [];
  const publisher = new ReportPublisher(client, {
    onConflict: (_target, conflict) => conflicts.push(conflict),
    onFailures: (_target, failures) => told.push(...failures.map(({ rule }) => rule)),
  });
  const policy = uniqueName('policy');
  const other = uniqueName('other');
  let count = 0;
  let owner: KubeObject;
  const name = (): string => `vigil-configmap-${owner.metadata.name}`;

  before(async () => {
    const crds = existsSync(published)
      ? ['policyreports', 'clusterpolicyreports'].map((kind) => `${published}/wgpolicyk8s.io_${kind}.yaml`)
      : ['crds/'];
    kubectl(['apply', '--server-side', '--force-conflicts', ...crds.flatMap((file) => ['-f', file])]);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/policyreports.wgpolicyk8s.io']);
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
  });

  beforeEach(async () => {
    conflicts.splice(0);
    owner = await client.create<KubeObject>(RESOURCES.configMaps, { metadata: { namespace, name: `object-${count++}` } });
  });

  after(async () => {
    await client.delete(RESOURCES.namespaces, { name: namespace });
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
  });

  const desired = (checks: readonly string[], of = policy): DesiredReport => ({
    source: 'vigil',
    target: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: owner.metadata.name, uid: owner.metadata.uid ?? '' },
    policies: [{ name: of, revision: '1-a', passes: 2, listPasses: false, ownerLabels: [] }],
    results: checks.map((check) => ({
      policy: of,
      check,
      verdict: 'fail',
      severity: 'critical',
      category: 'Test',
      frameworks: [],
      message: `${check} fails`,
    })),
    seconds: 1_800_000_000,
    scan: 'scan-1',
  });
  const theirs = (at: string, labels: Readonly<Record<string, string>> = {}): PolicyReport => ({
    metadata: { namespace, name: at, labels },
    results: [{ source: 'Other', policy: 'their-policy', rule: 'their-rule', result: 'fail', message: 'theirs' }],
    summary: { pass: 0, fail: 1, warn: 0, error: 0, skip: 0 },
  });
  const read = (at = name()): Promise<PolicyReport> => client.get<PolicyReport>(RESOURCES.reports, { namespace, name: at });
  const mine = async (): Promise<string[]> => {
    const { items } = await client.call<{ items: PolicyReport[] }>({
      path: `/apis/wgpolicyk8s.io/v1alpha2/namespaces/${namespace}/policyreports`,
    });
    return items.filter(({ scope }) => scope?.uid === owner.metadata.uid).map(({ metadata }) => metadata.name);
  };
  const failing = async (of = policy): Promise<number> =>
    (await readReports(client, AbortSignal.timeout(60_000))).totals.get(of)?.summary.fail ?? 0;
  const remove = (...policies: string[]): Promise<number> => removePolicies(client, publisher, { policies, isGone: () => true });
  const edit = (change: unknown): Promise<PolicyReport> =>
    client.call<PolicyReport>({
      method: 'PATCH',
      path: `/apis/wgpolicyk8s.io/v1alpha2/namespaces/${namespace}/policyreports/${name()}`,
      query: { fieldManager: 'kubectl-edit' },
      contentType: 'application/merge-patch+json',
      body: change,
    });
  const byThem = (report: PolicyReport): Promise<PolicyReport> =>
    client.call<PolicyReport>({
      method: 'POST',
      path: `/apis/wgpolicyk8s.io/v1alpha2/namespaces/${namespace}/policyreports`,
      query: { fieldManager: 'kubectl-create' },
      body: { apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'PolicyReport', ...report },
    });

  for (const [what, labels] of [
    ['without the label of Vigil', {}],
    ['with the label of Vigil', { [LABELS.managedBy]: 'vigil', [LABELS.source]: 'vigil', 'policy.vigil.dev/x': 'true' }],
  ] as const) {
    it(`does not change another writer's report of the same name, ${what}, and writes an alternative report`, async () => {
      const before = await byThem(theirs(name(), labels));
      for (const checks of [['one'], ['one'], ['one', 'two']]) await publisher.publish([desired(checks)]);
      expect(conflicts.map(({ reason }) => reason)).to.deep.equal(['NameTaken', 'NameTaken', 'NameTaken']);
      const [beside, ...more] = await mine();
      expect(more).to.deep.equal([]);
      expect(beside).to.match(/^vigil-configmap-object-[0-9]+-[0-9a-f]{10}$/);
      expect((await read(beside)).summary?.fail).to.equal(2);
      expect(await failing()).to.equal(2);
      expect(await publisher.withdrawFrom(desired([]), [policy])).to.equal(true);
      expect(await remove(policy, 'their-policy', 'x')).to.equal(0);
      expect(await mine()).to.deep.equal([]);
      expect((await read()).metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    });
  }

  it('refuses a report when both names are taken', async () => {
    await byThem(theirs(name()));
    await publisher.publish([desired(['one'])]);
    const [beside = ''] = await mine();
    await client.delete(RESOURCES.reports, { namespace, name: beside });
    await byThem(theirs(beside));
    const { refused } = await publisher.publish([desired(['one'])]);
    expect(refused.map(({ message }) => message)).to.deep.equal([
      `other writers own both possible reports, ${name()} and ${beside}; delete one of them`,
    ]);
  });

  it('keeps one report when the owner of the other report deletes it', async () => {
    await byThem(theirs(name()));
    await publisher.publish([desired(['one'])]);
    await client.delete(RESOURCES.reports, { namespace, name: name() });
    expect(await publisher.publish([desired(['one'])])).to.deep.include({ written: 0, unchanged: 1 });
    expect(await mine()).to.have.length(1);
    await publisher.withdrawFrom(desired([]), [policy]);
  });

  it('does not count or change a forged report', async () => {
    const before = await failing();
    const annotations = { [ANNOTATIONS.policies]: JSON.stringify({ [policy]: [1, 0, 99, 0, 0, 0, 99, 0, 0, 0] }) };
    const forged = theirs(`forged-${owner.metadata.name}`, {
      [LABELS.managedBy]: 'vigil',
      [LABELS.source]: 'vigil',
      [`policy.vigil.dev/${policy}`]: 'true',
    });
    await byThem({ ...forged, metadata: { ...forged.metadata, annotations } });
    expect(await failing()).to.equal(before);
    expect(await remove(policy)).to.equal(0);
    expect((await read(forged.metadata.name)).results).to.have.length(1);
  });

  it('does not count a full copy of a report in another location', async () => {
    const before = await failing();
    const { target, ...rest } = desired(['one']);
    const { uid: _, ...nobody } = target;
    const forged = buildReport({ ...rest, target: nobody, existing: undefined });
    if (!forged) throw new Error('no report was built');
    await byThem(forged);
    expect(ownershipOf(await read())).to.equal('ours');
    expect(await failing()).to.equal(before);
    // The next evaluation writes over it, and counts once.
    await publisher.publish([desired(['one'])]);
    expect(await failing()).to.equal(before + 1);
    await remove(policy);
  });

  it('keeps the results of one policy when another is withdrawn and the counts are invalid', async () => {
    await publisher.publish([desired(['one'])]);
    await publisher.publish([desired(['two'], other)]);
    await edit({ metadata: { annotations: { [ANNOTATIONS.policies]: 'broken' } } });
    expect(await failing(other)).to.equal(1);
    expect(await remove(policy)).to.equal(1);
    expect((await read()).results?.map(({ policy: of, rule }) => [of, rule])).to.deep.equal([[other, 'two']]);
    expect(await failing(other)).to.equal(1);
    expect(await remove(other)).to.equal(1);
    expect(await mine()).to.deep.equal([]);
  });

  it('removes results of other writers from its report, and reports the conflict', async () => {
    await publisher.publish([desired(['one'])]);
    const { results = [] } = await read();
    await edit({ results: [...results, ...(theirs('').results ?? [])] });
    await publisher.publish([desired(['one'])]);
    expect((await read()).results).to.deep.equal(results);
    expect(conflicts.map(({ reason }) => reason)).to.deep.equal(['ForeignResults']);
    await remove(policy);
  });

  it('restores its label when another writer removed or changed it', async () => {
    for (const label of [null, 'helm']) {
      await publisher.publish([desired(['one'])]);
      await edit({ metadata: { labels: { [LABELS.managedBy]: label } } });
      expect(await publisher.publish([desired(['one'])])).to.deep.include({ written: 1, refused: [] });
      expect((await read()).metadata.labels).to.include({ [LABELS.managedBy]: 'vigil' });
      expect(await mine()).to.have.length(1);
    }
    await remove(policy);
  });

  it('removes its own label, and keeps the label of another writer', async () => {
    const labelled = (ownerLabels: string[]): DesiredReport => {
      const { target, policies, ...rest } = desired(['one']);
      return { ...rest, target: { ...target, labels: { team: 'a' } }, policies: policies.map((each) => ({ ...each, ownerLabels })) };
    };
    await publisher.publish([labelled(['team'])]);
    await edit({ metadata: { labels: { 'their/label': 'x' } } });
    expect(await publisher.publish([labelled(['team'])])).to.deep.include({ written: 0 });
    await publisher.publish([labelled([])]);
    const { labels } = (await read()).metadata;
    expect([labels?.['team'], labels?.['their/label']]).to.deep.equal([undefined, 'x']);
    await remove(policy);
  });

  it('restores a report that Vigil before 0.2 wrote into, and writes an alternative report', async () => {
    await byThem({ ...theirs(name(), { app: 'theirs' }) });
    // What commit aff73eb did: a forced apply over whatever had the name.
    await client.call({
      method: 'PATCH',
      path: `/apis/wgpolicyk8s.io/v1alpha2/namespaces/${namespace}/policyreports/${name()}`,
      query: { fieldManager: 'vigil', force: true },
      contentType: 'application/apply-patch+yaml',
      body: {
        apiVersion: 'wgpolicyk8s.io/v1alpha2',
        kind: 'PolicyReport',
        metadata: {
          name: name(),
          namespace,
          labels: { [LABELS.managedBy]: 'vigil', [LABELS.source]: 'vigil' },
          annotations: { [ANNOTATIONS.policies]: JSON.stringify({ [policy]: [1, 2, 1, 0, 0, 0, 1, 0, 0, 0] }) },
          ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, uid: owner.metadata.uid }],
        },
        scope: { apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, namespace, uid: owner.metadata.uid },
        results: [
          ...(theirs('').results ?? []),
          { source: 'vigil', policy, rule: 'one', result: 'fail', severity: 'critical', message: 'one fails' },
        ],
        summary: { pass: 2, fail: 2, warn: 0, error: 0, skip: 0 },
      },
    });
    await publisher.publish([desired(['one'])]);
    const back = await read();
    expect([back.results?.map(({ source }) => source), back.metadata.labels, back.metadata.ownerReferences]).to.deep.equal([
      ['Other'],
      { app: 'theirs' },
      undefined,
    ]);
    expect(await failing()).to.equal(1);
    await publisher.withdrawFrom(desired([]), [policy]);
    expect((await read()).results?.map(({ source }) => source)).to.deep.equal(['Other']);
  });

  it('uses the alternative name when another writer takes the name between read and write', async () => {
    // The list by our label does not show it: the report is believed absent.
    const objects = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        client.create<KubeObject>(RESOURCES.configMaps, { metadata: { namespace, name: `many-${count}-${index}` } }),
      ),
    );
    const desiredReports = objects.map((each) => {
      owner = each;
      return desired(['one']);
    });
    owner = objects[2] as KubeObject;
    const before = await byThem(theirs(name()));
    expect(await publisher.publish(desiredReports)).to.deep.include({ written: 5, refused: [] });
    expect((await read()).metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    expect(await mine()).to.have.length(1);
    await remove(policy);
  });
});
