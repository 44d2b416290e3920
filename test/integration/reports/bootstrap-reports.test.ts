import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { isNotFound } from '../../../operator/kube/client/kube-api-error.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { removePolicies } from '../../../operator/reports/sweeping/policy-removal.ts';
import { ReportPublisher, type PublishResult, type DesiredReport } from '../../../operator/reports/publishing/report-publisher.ts';
import { readReports, sweepReports } from '../../../operator/reports/sweeping/report-sweeper.ts';
import { ReportTracker } from '../../../operator/reports/sweeping/report-tracker.ts';
import { buildReport } from '../../../operator/reports/building/report-builder.ts';
import { reportName, reportSelector } from '../../../operator/reports/identity/report-name.ts';
import { BOOTSTRAP_REPORT } from '../../../operator/reports/building/bootstrap-report.ts';
import { ReportTotals } from '../../../operator/reports/sweeping/report-totals.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

const clusterRoles: ApiResource = {
  ...{ group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles', kind: 'ClusterRole', namespaced: false },
};
const policy = uniqueName('bootstrap');
const other = uniqueName('other');

describe('bootstrap reports, on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const writes: string[] = [];
  const publisher = new ReportPublisher(client, { onWrite: (operation) => writes.push(operation) });
  const signal = new AbortController().signal;
  let roles: KubeObject[] = [];
  let seconds = 1000;

  before(async () => {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
    const names = Array.from({ length: 5 }, (_, index) => `system:${uniqueName(`vigil-test-${index}`)}`);
    roles = await Promise.all(names.map((name) => client.create<KubeObject>(clusterRoles, { metadata: { name } })));
  });
  beforeEach(() => writes.splice(0));
  after(async () => {
    await removePolicies(client, publisher, { policies: [policy, other], isGone: () => true });
    for (const { metadata } of roles) await client.delete(clusterRoles, { name: metadata.name });
  });

  const targetOf = ({ metadata: { name, uid = '', resourceVersion = '' } }: KubeObject): DesiredReport['target'] => ({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name, uid, resourceVersion },
  });
  const desired = (role: KubeObject, checks: readonly string[] = [], by = policy): DesiredReport => ({
    source: 'vigil',
    target: targetOf(role),
    policies: [{ name: by, revision: '1-a', passes: 3, listPasses: false, ownerLabels: [] }],
    results: checks.map((check) => ({
      ...{ policy: by, check, verdict: 'fail', severity: 'high', category: 'RBAC', frameworks: [], message: `${check} fails` },
    })),
    seconds,
    scan: `scan-${seconds}`,
  });
  const publish = (desiredReports: readonly DesiredReport[]): Promise<PublishResult> => {
    seconds += 10;
    return publisher.publish(desiredReports.map((each) => ({ ...each, seconds, scan: `scan-${seconds}` })));
  };
  /** The reports about the roles of this test, and the bootstrap report. */
  async function reports(): Promise<string[]> {
    const names = new Set([BOOTSTRAP_REPORT, ...roles.map((role) => reportName('vigil', targetOf(role)))]);
    const found = await listAll(client, RESOURCES.clusterReports, { labelSelector: reportSelector('vigil'), metadataOnly: true });
    return found.map(({ metadata }) => metadata.name).filter((name) => names.has(name));
  }
  /** The counts of a policy: from reading all reports, and from watching them. */
  async function counted(by = policy): Promise<string> {
    const followed = new ReportTotals('vigil');
    for (const resource of [RESOURCES.reports, RESOURCES.clusterReports]) {
      const part = followed.part();
      part.begin();
      for (const report of await listAll(client, resource, { labelSelector: reportSelector('vigil'), metadataOnly: true }))
        part.listed(report);
      part.complete();
    }
    const both = [(await readReports(client, signal)).totals, followed.get()].map((totals) => {
      const { summary, failing } = totals?.get(by) ?? { summary: { pass: 0, fail: 0 }, failing: { high: 0 } };
      return `${summary.pass} pass, ${summary.fail} fail, ${failing.high} high`;
    });
    expect(both[0]).to.equal(both[1]);
    return both[0] ?? '';
  }

  it('count roles that pass in one report, written once', async () => {
    const published = await publish(roles.map((role) => desired(role)));
    expect([published.written, published.refused, writes]).to.deep.equal([5, [], ['write']]);
    expect(await reports()).to.deep.equal([BOOTSTRAP_REPORT]);
    expect(await counted()).to.equal('15 pass, 0 fail, 0 high');
    const again = await publish(roles.map((role) => desired(role)));
    expect([again.written, again.unchanged, writes]).to.deep.equal([0, 5, ['write']]);
  });

  it('have a separate report for a role with a new finding, until it is fixed', async () => {
    const [role] = roles as [KubeObject];
    const failing = await publish([desired(role, ['no-wildcards'])]);
    expect(failing.new.high).to.equal(1);
    expect((await reports()).toSorted()).to.deep.equal([BOOTSTRAP_REPORT, reportName('vigil', targetOf(role))].toSorted());
    expect(await counted()).to.equal('15 pass, 1 fail, 1 high');
    const fixed = await publish([desired(role)]);
    expect(fixed.fixed.high).to.equal(1);
    expect(await reports()).to.deep.equal([BOOTSTRAP_REPORT]);
    expect(await counted()).to.equal('15 pass, 0 fail, 0 high');
  });

  it('keep the counts of one policy when another has a finding, and when it is fixed', async () => {
    const [role] = roles as [KubeObject];
    await publish([desired(role, ['no-wildcards'], other)]);
    expect([await counted(), await counted(other)]).to.deep.equal(['15 pass, 0 fail, 0 high', '3 pass, 1 fail, 1 high']);
    await publish([desired(role, [], other)]);
    expect([await counted(), await counted(other)]).to.deep.equal(['15 pass, 0 fail, 0 high', '3 pass, 0 fail, 0 high']);
    expect(await reports()).to.deep.equal([BOOTSTRAP_REPORT]);
  });

  it('are written again after another writer changed them, from the next evaluation', async () => {
    const edit = { metadata: { annotations: { 'vigil.dev/policies': `{"${policy}":["",900,0,0,0,0,0,0,0,0]}` } } };
    kubectl(['patch', 'clusterpolicyreport', BOOTSTRAP_REPORT, '--type=merge', '-p', JSON.stringify(edit)]);
    expect((await readReports(client, signal)).totals.get(policy)).to.equal(undefined);
    await publish(roles.map((role) => desired(role)));
    expect(await counted()).to.equal('15 pass, 0 fail, 0 high');
    await publish([desired(roles[0] as KubeObject, [], other)]);
  });

  it('replace the separate reports of an earlier version', async () => {
    const role = await client.create<KubeObject>(clusterRoles, { metadata: { name: `system:${uniqueName('vigil-test-old')}` } });
    roles.push(role);
    const report = buildReport({ ...desired(role), existing: undefined }) as PolicyReport;
    await client.create(RESOURCES.clusterReports, report, { manager: 'vigil-reports' });
    expect(await counted()).to.equal('18 pass, 0 fail, 0 high');
    await publish([desired(role)]);
    expect(await reports()).to.deep.equal([BOOTSTRAP_REPORT]);
    expect(await counted()).to.equal('18 pass, 0 fail, 0 high');
  });

  it('lose a role that is deleted or out of scope in a sweep, and no other', async () => {
    const [gone, unscoped, ...rest] = roles as [KubeObject, KubeObject, ...KubeObject[]];
    await client.delete(clusterRoles, { name: gone.metadata.name });
    const seen = new ReportTracker();
    const published = await publish(rest.slice(1).map((role) => desired(role)));
    for (const [key, version] of published.versions) seen.recordUpToDate(key, 0, version);
    seen.recordShard(0);
    const request = {
      policies: new Set([policy]),
      resources: [clusterRoles],
      policiesOf: (_: unknown, { metadata }: KubeObject) => (metadata.name === unscoped.metadata.name ? [] : [policy]),
      wholeClusterPolicies: [],
      includesNamespace: () => true,
      seen,
      signal,
    };
    const swept = await sweepReports(client, publisher, request);
    expect(swept.totals.get(policy)?.summary.pass).to.equal(12);
    expect(await counted()).to.equal('12 pass, 0 fail, 0 high');
    // What another policy says of a role in its scope stays, and nothing that was made sure of is in doubt.
    expect(await counted(other)).to.equal('3 pass, 0 fail, 0 high');
    expect(seen.shardsToRepeat([0])).to.deep.equal([]);
    expect((await sweepReports(client, publisher, request)).changed).to.equal(0);
  });

  it('lose a deleted object after a change, and deleted policies', async () => {
    const last = roles.at(-1) as KubeObject;
    expect(await publisher.withdrawFrom({ source: 'vigil', target: targetOf(last) }, [policy])).to.equal(true);
    expect(await publisher.withdrawFrom({ source: 'vigil', target: targetOf(last) }, [policy])).to.equal(false);
    expect(await counted()).to.equal('9 pass, 0 fail, 0 high');
    expect(await removePolicies(client, publisher, { policies: [policy], isGone: () => true })).to.equal(1);
    expect([await counted(), await counted(other)]).to.deep.equal(['0 pass, 0 fail, 0 high', '3 pass, 0 fail, 0 high']);
    await removePolicies(client, publisher, { policies: [other], isGone: () => true });
    const left = await client.get(RESOURCES.clusterReports, { name: BOOTSTRAP_REPORT }).catch((error: unknown) => isNotFound(error));
    expect(left).to.equal(true);
  });

  it('are replaced by separate reports when another writer has the name', async () => {
    await client.create(RESOURCES.clusterReports, { metadata: { name: BOOTSTRAP_REPORT }, results: [] } as unknown as KubeObject);
    const role = roles[2] as KubeObject;
    await publish([desired(role)]);
    expect(await counted()).to.equal('3 pass, 0 fail, 0 high');
    expect(await reports()).to.deep.equal([reportName('vigil', targetOf(role))]);
    await client.delete(RESOURCES.clusterReports, { name: BOOTSTRAP_REPORT });
  });
});
