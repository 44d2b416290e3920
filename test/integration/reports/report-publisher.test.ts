import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { removePolicies } from '../../../operator/reports/sweeping/policy-removal.ts';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import type { ReportInput } from '../../../operator/reports/building/report-builder.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

/** No other test has reports of this policy, which are counted here. */
const baseline = uniqueName('baseline');

describe('ReportPublisher, on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const namespaces = ['a', 'b'].map((letter) => uniqueName(`publish-${letter}`));
  const writes: string[] = [];
  const publisher = new ReportPublisher(client, { onWrite: (operation) => writes.push(operation) });
  const remove = (...policies: readonly string[]): Promise<number> =>
    removePolicies(client, publisher, { policies, isGone: (policy) => policy !== 'back' });
  let owners: KubeObject[] = [];

  before(async () => {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
    for (const name of namespaces) await client.create(RESOURCES.namespaces, { metadata: { name } });
    const wanted = namespaces.flatMap((namespace) =>
      Array.from({ length: 6 }, (_, index) => ({ metadata: { namespace, name: `object-${index}` } })),
    );
    owners = await Promise.all(wanted.map((object) => client.create<KubeObject>(RESOURCES.configMaps, object)));
  });

  beforeEach(() => writes.splice(0));

  after(async () => {
    for (const name of namespaces) await client.delete(RESOURCES.namespaces, { name });
  });

  const input = (
    { metadata }: KubeObject,
    checks: readonly string[],
    policy = baseline,
    revision = '1',
  ): Omit<ReportInput, 'existing'> => ({
    source: 'vigil',
    target: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
    },
    policies: [{ name: policy, revision, passes: 2, listPasses: false, ownerLabels: [] }],
    results: checks.map((check) => ({
      policy,
      check,
      verdict: 'fail',
      severity: 'high',
      category: 'Test',
      frameworks: [],
      message: `${check} fails`,
    })),
    seconds: 1_800_000_000,
    scan: 'scan-1',
  });
  const reports = async (): Promise<PolicyReport[]> =>
    (await Promise.all(namespaces.map((namespace) => listAll<PolicyReport>(client, RESOURCES.reports, { namespace })))).flat();

  it('writes one report for each object, and writes nothing the second time', async () => {
    const all = owners.map((owner) => input(owner, ['one', 'two']));
    expect(await publisher.publish(all)).to.deep.include({ written: 12, unchanged: 0 });
    const versions = (await reports()).map(({ metadata }) => metadata.resourceVersion);
    expect(versions).to.have.length(12);
    writes.splice(0);
    expect(await publisher.publish(all)).to.deep.include({ written: 0, unchanged: 12 });
    expect(writes).to.deep.equal([]);
    expect((await reports()).map(({ metadata }) => metadata.resourceVersion)).to.deep.equal(versions);
  });

  it('counts new and fixed failures, and writes only changed reports', async () => {
    const result = await publisher.publish(owners.map((owner, index) => input(owner, index === 0 ? ['two', 'three'] : ['one', 'two'])));
    expect(result).to.deep.include({
      written: 1,
      unchanged: 11,
      new: { critical: 0, high: 1, medium: 0, low: 0 },
      fixed: { critical: 0, high: 1, medium: 0, low: 0 },
      refused: [],
    });
  });

  it('restores a report that another writer changed or deleted', async () => {
    const [first, second] = await reports();
    await client.patch(
      RESOURCES.reports,
      { namespace: first!.metadata.namespace, name: first!.metadata.name },
      { results: [], summary: { fail: 0 } },
    );
    await client.delete(RESOURCES.reports, { namespace: second!.metadata.namespace, name: second!.metadata.name });
    const result = await publisher.publish(owners.map((owner, index) => input(owner, index === 0 ? ['two', 'three'] : ['one', 'two'])));
    expect(result.written).to.equal(2);
    expect((await reports()).map(({ summary }) => summary?.fail)).to.deep.equal(Array.from({ length: 12 }, () => 2));
  });

  it('retries after a conflict', async () => {
    const [owner] = owners;
    const stale = new ReportPublisher(client);
    await Promise.all([stale.publish([input(owner!, ['x'], 'left')]), publisher.publish([input(owner!, ['y'], 'right')])]);
    const report = (await reports()).find(({ metadata }) => metadata.ownerReferences?.[0]?.uid === owner?.metadata.uid);
    expect([...new Set(report?.results?.map(({ policy }) => policy))]).to.deep.equal([baseline, 'left', 'right']);
  });

  it('removes one policy and keeps the others, and deletes a report without policies', async () => {
    writes.splice(0);
    expect(await remove('left')).to.equal(1);
    expect(await remove('right', 'nobody')).to.equal(1);
    expect(writes).to.deep.equal(['write', 'write']);
    expect(
      (await reports()).flatMap(({ results = [] }) => results.map(({ policy }) => policy)).every((policy) => policy === baseline),
    ).to.equal(true);
    writes.splice(0);
    expect(await remove(baseline)).to.equal(12);
    expect(writes).to.deep.equal(Array.from({ length: 12 }, () => 'delete'));
    expect(await reports()).to.deep.equal([]);
  });

  it('removes several policies from each report in one write', async () => {
    const [shared, other] = owners;
    for (const policy of [baseline, 'left', 'right']) await publisher.publish([input(shared!, [policy], policy)]);
    await publisher.publish([input(other!, ['left'], 'left')]);
    writes.splice(0);
    expect(await remove('left', 'right', 'nobody')).to.equal(2);
    expect(writes.toSorted()).to.deep.equal(['delete', 'write']);
    const [left, ...more] = await reports();
    expect([more, left?.results?.map(({ policy, rule }) => [policy, rule])]).to.deep.equal([[], [[baseline, baseline]]]);
    expect(await remove('left', 'right')).to.equal(0);
    await remove(baseline);
    expect(await reports()).to.deep.equal([]);
  });

  it('keeps the results of a policy that exists again', async () => {
    const [owner] = owners;
    await publisher.publish([input(owner!, ['back'], 'back')]);
    await publisher.publish([input(owner!, ['left'], 'left')]);
    expect(await remove('left', 'back')).to.equal(1);
    expect(await remove('back')).to.equal(0);
    expect((await reports()).flatMap(({ results = [] }) => results.map(({ policy }) => policy))).to.deep.equal(['back']);
    await removePolicies(client, publisher, { policies: ['back'], isGone: () => true });
  });

  it("leaves another tool's reports alone", async () => {
    const [namespace] = namespaces;
    await client.create(RESOURCES.reports, {
      metadata: { namespace: namespace!, name: 'others' },
      results: [{ policy: baseline }],
    } as PolicyReport);
    await remove(baseline, 'left');
    expect((await reports()).map(({ metadata }) => metadata.name)).to.deep.equal(['others']);
  });

  it('deletes a report with its object', async () => {
    const [owner] = owners;
    await publisher.publish([input(owner!, ['one'])]);
    await client.delete(RESOURCES.configMaps, { namespace: owner!.metadata.namespace, name: owner!.metadata.name });
    // The garbage collector looks for new kinds every 30 s: on a new cluster it may not know this one yet.
    const end = Date.now() + 90_000;
    while ((await reports()).some(({ metadata }) => metadata.name !== 'others')) {
      if (Date.now() > end) throw new Error('the report is still there after 90 s');
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  });
});
