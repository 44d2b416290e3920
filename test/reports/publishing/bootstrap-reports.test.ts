import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { BOOTSTRAP_REPORT } from '../../../operator/reports/building/bootstrap-report.ts';
import { buildReport } from '../../../operator/reports/building/report-builder.ts';
import type { DesiredReport, PublishResult } from '../../../operator/reports/publishing/report-publisher.ts';
import { readReports, sweepReports, type SweepRequest } from '../../../operator/reports/sweeping/report-sweeper.ts';
import { ReportTracker } from '../../../operator/reports/sweeping/report-tracker.ts';
import { PublishingBench, theirs } from '../published-reports.ts';

const clusterRoles: ApiResource = {
  ...{ group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles', kind: 'ClusterRole', namespaced: false },
};
const signal = new AbortController().signal;
const whole = `/${BOOTSTRAP_REPORT}`;

describe('the bootstrap report', () => {
  let bench: PublishingBench;
  let seconds: number;
  const roles = ['admin', 'edit', 'view', 'node', 'dns'].map((name) => `system:${name}`);

  beforeEach(async () => {
    bench = new PublishingBench();
    seconds = 1000;
    for (const name of roles) await bench.api.create(clusterRoles, { metadata: { name, uid: `u-${name}` } });
  });

  const desired = (
    name: string,
    checks: readonly string[] = [],
    by = 'web',
    more: Partial<DesiredReport['target']> = {},
  ): DesiredReport => ({
    source: 'vigil',
    target: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name, uid: `u-${name}`, resourceVersion: '5', ...more },
    policies: [{ name: by, revision: '1-a', passes: 3, listPasses: false, ownerLabels: [] }],
    results: checks.map((check) => ({
      ...{ policy: by, check, verdict: 'fail', severity: 'high', category: 'RBAC', frameworks: [], message: `${check} fails` },
    })),
    seconds,
    scan: `scan-${seconds}`,
  });
  function publish(...reports: readonly DesiredReport[]): Promise<PublishResult> {
    seconds += 10;
    return bench.publisher.publish(reports.map((each) => ({ ...each, seconds, scan: `scan-${seconds}` })));
  }
  const publishAll = (): Promise<PublishResult> => publish(...roles.map((name) => desired(name)));
  async function counted(by = 'web'): Promise<string> {
    const { summary } = (await readReports(bench.api, signal)).totals.get(by) ?? { summary: { pass: 0, fail: 0 } };
    return `${summary.pass} pass, ${summary.fail} fail`;
  }

  it('counts default roles that pass, and is written once', async () => {
    const first = await publishAll();
    expect([first.written, first.refused, bench.operations, bench.names]).to.deep.equal([5, [], ['write'], [whole]]);
    expect(await counted()).to.equal('15 pass, 0 fail');
    const again = await publishAll();
    expect([again.written, again.unchanged, bench.operations]).to.deep.equal([0, 5, ['write']]);
    expect([...again.versions]).to.deep.equal([...first.versions]);
  });

  it('does not count other roles, other kinds, or roles in other namespaces', async () => {
    const role = { kind: 'Role', namespace: 'shop' };
    await publish(
      desired('mine'),
      desired('system:x', [], 'web', role),
      desired('system:y', [], 'web', { apiVersion: 'v1', kind: 'Node' }),
    );
    expect(bench.names).to.have.length(3).and.not.to.include(whole);
    await publish(desired('labelled', [], 'web', { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }));
    await publish(desired('system:z', [], 'web', { kind: 'Role', namespace: 'kube-system' }));
    expect(bench.names).to.include.members([whole, `kube-system/${BOOTSTRAP_REPORT}`]);
  });

  it('leaves a role with a finding to a report of its own, until it is fixed', async () => {
    await publishAll();
    const failing = await publish(desired('system:edit', ['no-wildcards']));
    expect([failing.new.high, bench.names.length, await counted()]).to.deep.equal([1, 2, '15 pass, 1 fail']);
    const fixed = await publish(desired('system:edit'));
    expect([fixed.fixed.high, bench.names, await counted()]).to.deep.equal([1, [whole], '15 pass, 0 fail']);
  });

  it('keeps the counts of one policy when another has a finding', async () => {
    await publishAll();
    await publish(desired('system:edit', ['no-wildcards'], 'other'));
    expect([await counted(), await counted('other')]).to.deep.equal(['15 pass, 0 fail', '3 pass, 1 fail']);
    await publish(desired('system:edit', [], 'other'));
    expect([await counted(), await counted('other'), bench.names]).to.deep.equal(['15 pass, 0 fail', '3 pass, 0 fail', [whole]]);
  });

  it('does not count after another tool changed it, and is written again by the next evaluation', async () => {
    await publishAll();
    const forged = { metadata: { annotations: { 'vigil.dev/policies': '{"web":["",900,0,0,0,0,0,0,0,0]}' } } };
    await bench.edit(BOOTSTRAP_REPORT, forged, RESOURCES.clusterReports);
    expect(await counted()).to.equal('0 pass, 0 fail');
    await publishAll();
    expect(await counted()).to.equal('15 pass, 0 fail');
  });

  it('replaces the separate report that an earlier version wrote', async () => {
    const report = buildReport({ ...desired('system:edit'), existing: undefined }) as PolicyReport;
    await bench.api.create(RESOURCES.clusterReports, report, { manager: 'vigil-reports' });
    expect(await publish(desired('system:edit'))).to.deep.include({ written: 1 });
    expect([bench.names, await counted()]).to.deep.equal([[whole], '3 pass, 0 fail']);
  });

  it('loses roles that are deleted or out of scope in a sweep, and no other', async () => {
    await publishAll();
    await publish(desired('system:edit', [], 'other'));
    await bench.api.delete(clusterRoles, { name: 'system:admin' });
    const seen = new ReportTracker();
    for (const [key, version] of (await publish(...roles.slice(2).map((name) => desired(name)))).versions)
      seen.recordUpToDate(key, 0, version);
    seen.recordShard(0);
    const request: SweepRequest = {
      policies: new Set(['web']),
      resources: [clusterRoles],
      policiesOf: (_resource: unknown, { metadata }: KubeObject) => (metadata.name === 'system:edit' ? [] : ['web']),
      wholeClusterPolicies: [],
      includesNamespace: () => true,
      seen,
      signal,
    };
    const swept = await sweepReports(bench.api, bench.publisher, request);
    expect([swept.changed, swept.totals.get('web')?.summary.pass, await counted()]).to.deep.equal([2, 9, '9 pass, 0 fail']);
    expect([await counted('other'), seen.shardsToRepeat([0])]).to.deep.equal(['3 pass, 0 fail', []]);
    expect((await sweepReports(bench.api, bench.publisher, request)).changed).to.equal(0);
  });

  it('loses a deleted object, deleted policies, and itself with the last one', async () => {
    await publishAll();
    await publish(desired('system:edit', [], 'other'));
    const withdraw = (name: string): Promise<boolean> => bench.publisher.withdrawFrom(desired(name), ['web']);
    expect([await withdraw('system:dns'), await withdraw('system:dns'), await withdraw('mine')]).to.deep.equal([true, false, false]);
    expect(await counted()).to.equal('12 pass, 0 fail');
    expect(await bench.remove('web')).to.equal(1);
    expect([await counted(), await counted('other')]).to.deep.equal(['0 pass, 0 fail', '3 pass, 0 fail']);
    expect([await bench.remove('other'), bench.names]).to.deep.equal([1, []]);
  });

  it('is replaced by separate reports when another tool has its name', async () => {
    const { metadata, ...content } = theirs(BOOTSTRAP_REPORT);
    await bench.api.create(RESOURCES.clusterReports, { ...content, metadata: { name: metadata.name } });
    await publish(desired('system:edit'));
    expect([bench.names, await counted()]).to.deep.equal([[whole, bench.names[1]], '3 pass, 0 fail']);
    expect(bench.names[1]).to.match(/^\/vigil-clusterrole-system-edit-/);
    expect(await bench.remove('web')).to.equal(1);
  });

  it('is written again after conflicts, at most four times', async () => {
    const conflict = new KubeApiError('changed', { status: 409, reason: 'Conflict' });
    let left = 3;
    bench.api.onCall = ({ method }) => {
      if (method === 'POST' && left-- > 0) throw conflict;
    };
    expect((await publishAll()).written).to.equal(5);
    await bench.remove('web');
    left = 4;
    const error: unknown = await publishAll().catch((reason: unknown) => reason);
    expect(error).to.equal(conflict);
  });

  it('is refused with all its objects if the API server finds it invalid', async () => {
    bench.api.onCall = ({ method }) => {
      if (method === 'POST') throw new KubeApiError('too large', { status: 422 });
    };
    const { refused } = await publishAll();
    expect(refused.map(({ desired: { target }, message }) => [target.name, message])).to.deep.equal(
      roles.map((name) => [name, 'too large']),
    );
  });
});
