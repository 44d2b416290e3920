import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { listAll } from '../../operator/kube/list.ts';
import { kubectl, serverMinor, testClient } from '../integration/cluster-access.ts';
import {
  crashOperator,
  eventually,
  followNothing,
  home,
  install,
  linesOf,
  makeScan,
  reportsIn,
  reportWrites,
  scaleOperator,
  scanEnded,
} from './installation.ts';

const image = '127.0.0.1:5000/pause:1';
const teams = Array.from({ length: 12 }, (_, index) => `team-${String(index).padStart(2, '0')}`);
/** The shipped samples, with an image of the cluster's registry. */
const samples = readFileSync('samples/workloads.yaml', 'utf8').replaceAll('registry.k8s.io/pause:3.10', image);

/** The workloads of a team: one of each workload kind, alternately compliant and with hostNetwork. */
function workloads(namespace: string): KubeObject[] {
  const pod = (hostNetwork: boolean): object => ({
    hostNetwork,
    securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'c',
        image,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  });
  const template = (hostNetwork: boolean): object => ({ metadata: { labels: { app: namespace } }, spec: pod(hostNetwork) });
  const selector = { matchLabels: { app: namespace } };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'good', namespace, labels: { team: namespace } },
      spec: { replicas: 0, selector, template: template(false) },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'bad', namespace },
      spec: { replicas: 0, selector, template: template(true) },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'bad', namespace },
      spec: {
        schedule: '0 0 1 1 *',
        suspend: true,
        jobTemplate: { spec: { template: { spec: { ...pod(true), restartPolicy: 'Never' } } } },
      },
    },
  ] as unknown as KubeObject[];
}

/** The expected findings of the samples. */
const sampleLines = [
  'payments vigil-cronjob-reconcile baseline/capabilities-drop-all fail',
  'payments vigil-statefulset-ledger baseline/run-as-non-root fail',
  'shop vigil-daemonset-exporter baseline/host-pid fail',
  'shop vigil-deployment-cart baseline/capabilities-drop-all fail',
  'shop vigil-deployment-cart baseline/privilege-escalation fail',
  'shop vigil-deployment-cart baseline/privileged-container fail',
  'shop vigil-deployment-cart baseline/run-as-non-root fail',
  'shop vigil-deployment-cart baseline/seccomp-required fail',
  'shop vigil-deployment-cart baseline/team-label fail',
  'shop vigil-deployment-cart baseline/volume-types fail',
];
const teamLines = teams.flatMap((team) => [
  `${team} vigil-cronjob-bad baseline/host-network fail`,
  `${team} vigil-statefulset-bad baseline/host-network fail`,
]);

describe('policy scans on a real cluster', function () {
  this.timeout(240_000);
  const client = testClient();
  const everywhere = ['shop', 'payments', ...teams];
  const policy = (): Promise<SecurityPolicy> => client.get<SecurityPolicy>(RESOURCES.policies, { name: 'baseline' });
  const evaluated = (generation: number): Promise<SecurityPolicy> =>
    eventually(`generation ${generation} is evaluated`, async () => {
      const found = await policy();
      return found.status?.evaluatedGeneration === generation ? found : undefined;
    });

  before(async () => {
    await install();
    kubectl(['apply', '-f', '-'], samples);
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: teams.flatMap(workloads) }));
  });

  after(() => {
    kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', 'samples/policy.yaml', '-f', 'samples/schedule.yaml']);
    kubectl(['delete', '--ignore-not-found', '--wait=false', 'namespace', ...everywhere]);
  });

  it('scans a new policy at once, in several shards, and reports exactly the violations', async () => {
    await followNothing('default');
    kubectl(['apply', '-f', 'samples/schedule.yaml']);
    await followNothing('nightly');
    kubectl(['apply', '-f', 'samples/policy.yaml']);
    const { status } = await evaluated(1);
    const reports = await reportsIn(...everywhere);
    const said = linesOf(reports);
    expect(said).to.deep.equal([...sampleLines, ...teamLines].toSorted());
    // One report for each owner, including compliant ones, and none for owned objects.
    expect(reports).to.have.length(5 + 3 * teams.length);
    const [scan] = await listAll<Scan>(client, RESOURCES.scans);
    expect(Number(scan?.status?.progress?.split('/')[1])).to.be.at.least(3);
    expect(scan?.status?.coverage).to.deep.include({ inScope: reports.length, scanned: reports.length, failed: 0, skipped: 0 });
    expect(status?.coverage).to.deep.include({ inScope: reports.length, scanned: reports.length, failed: 0, skipped: 0 });
  });

  it('writes the totals of the reports into the policy status', async () => {
    const reports = await reportsIn(...everywhere);
    const { status } = await policy();
    const total = (verdict: 'pass' | 'fail'): number => reports.reduce((sum, { summary }) => sum + (summary?.[verdict] ?? 0), 0);
    expect([status?.summary?.pass, status?.summary?.fail]).to.deep.equal([total('pass'), total('fail')]);
    const listed = reports.flatMap(({ results = [] }) => results).filter(({ result }) => result === 'fail');
    expect(listed).to.have.length(total('fail'));
    expect(Object.values(status?.failing ?? {}).reduce((sum, count) => sum + count, 0)).to.equal(total('fail'));
    const [framework] = status?.frameworks ?? [];
    expect(framework).to.deep.include({ name: 'pss-restricted', version: serverMinor(), manual: 0 });
    expect((framework?.passed ?? 0) + (framework?.failed ?? 0) + (framework?.notEvaluated ?? 0)).to.be.at.least(15);
  });

  it('sets conditions for kubectl wait: Ready, and not Compliant', () => {
    kubectl(['wait', '--for=condition=Ready', '--timeout=10s', 'securitypolicy/baseline']);
    kubectl(['wait', '--for=condition=Compliant=false', '--timeout=10s', 'securitypolicy/baseline']);
    kubectl(['wait', '--for=condition=Scheduled', '--timeout=10s', 'securitypolicy/baseline']);
  });

  it('writes no report if nothing changed, by the metrics of the API server', async () => {
    const before = reportWrites();
    expect(before).to.be.greaterThan(30);
    const { status } = await scanEnded(await makeScan());
    expect(status?.phase).to.equal('Complete');
    expect(reportWrites() - before).to.equal(0);
  });

  it('creates no Job and writes no report for a rescan without changes, and keeps the totals', async () => {
    // The status of new pods still changes for a while, so that a rescan has something to evaluate.
    for (let left = 5; ; left--) {
      const { status: before } = await scanEnded(await makeScan({ full: false }));
      const writes = reportWrites();
      const name = await makeScan({ full: false });
      const { status } = await scanEnded(name);
      if (left > 0 && status?.carriedOver !== status?.coverage?.scanned) continue;
      const { carriedOver, jobs, phase, summary, failing, coverage } = status ?? {};
      expect([phase, carriedOver, jobs ?? []]).to.deep.equal(['Complete', before?.coverage?.inScope, []]);
      expect(await workerPods(name)).to.deep.equal([]);
      expect(reportWrites() - writes).to.equal(0);
      expect([summary, failing, coverage]).to.deep.equal([before?.summary, before?.failing, before?.coverage]);
      expect((await policy()).status?.coverage?.scanned).to.equal(coverage?.scanned);
      return;
    }
  });

  it('evaluates a namespace again if one of its reports was edited', async () => {
    const [edited] = await reportsIn('shop');
    const { namespace, name = '' } = edited?.metadata ?? {};
    const restored = edited?.summary;
    await client.patch(RESOURCES.reports, { namespace, name }, { summary: { pass: 1000 } });
    const { status } = await scanEnded(await makeScan({ full: false }));
    expect([status?.phase, status?.jobs?.length]).to.deep.equal(['Complete', 1]);
    expect((await reportsIn('shop')).find(({ metadata }) => metadata.name === name)?.summary).to.deep.equal(restored);
  });

  it('removes a fixed failure, and counts it as fixed', async () => {
    kubectl(['-n', 'shop', 'patch', 'daemonset', 'exporter', '--type=merge', '-p', '{"spec":{"template":{"spec":{"hostPID":false}}}}']);
    // Pods of the old template count until they are deleted.
    kubectl(['-n', 'shop', 'rollout', 'status', 'daemonset/exporter', '--timeout=60s']);
    const { status } = await scanEnded(await makeScan());
    expect(status?.fixed).to.deep.equal({ critical: 0, high: 1, medium: 0, low: 0 });
    expect(status?.new).to.deep.equal({ critical: 0, high: 0, medium: 0, low: 0 });
    expect(linesOf(await reportsIn('shop')).filter((line) => line.includes('exporter'))).to.deep.equal([]);
  });

  it('counts a new failure as new', async () => {
    kubectl(['-n', 'shop', 'patch', 'daemonset', 'exporter', '--type=merge', '-p', '{"spec":{"template":{"spec":{"hostIPC":true}}}}']);
    const { status } = await scanEnded(await makeScan({ namespaces: { include: ['shop'] } }));
    expect(status?.new).to.deep.equal({ critical: 0, high: 1, medium: 0, low: 0 });
    expect(status?.coverage?.inScope).to.equal(3);
    expect(linesOf(await reportsIn('shop')).filter((line) => line.includes('exporter'))).to.deep.equal([
      'shop vigil-daemonset-exporter baseline/host-ipc fail',
    ]);
    // After a scan of one namespace, the totals of the policy are still those of the whole cluster.
    const { status: whole } = await policy();
    expect(whole?.coverage?.inScope).to.equal(5 + 3 * teams.length);
    expect(whole?.failing?.high).to.be.greaterThan(teams.length);
  });

  it('deletes the report of a deleted workload', async () => {
    kubectl(['-n', 'shop', 'delete', 'deployment', 'cart']);
    await eventually('the report is deleted', async () =>
      (await reportsIn('shop')).some(({ metadata }) => metadata.name === 'vigil-deployment-cart') ? undefined : true,
    );
  });

  it('evaluates a new generation: removes results outside of a narrower scope, and adds those of a new check', async () => {
    const spec = {
      scope: { namespaces: { include: ['team-*'], exclude: ['team-03'] } },
      controls: [{ name: 'host-network', exclude: true }],
    };
    await client.patch(RESOURCES.policies, { name: 'baseline' }, { spec });
    const { status } = await evaluated(2);
    expect(status?.coverage?.inScope).to.equal(3 * (teams.length - 1));
    expect(status?.failing).to.deep.equal({ critical: 0, high: 0, medium: 0, low: 0 });
    expect(await reportsIn('shop', 'payments', 'team-03')).to.deep.equal([]);
    expect(await reportsIn(...teams)).to.have.length(3 * (teams.length - 1));
    kubectl(['wait', '--for=condition=Compliant', '--timeout=10s', 'securitypolicy/baseline']);
  });

  it('keeps the last verdicts of a policy that becomes invalid, with their generation', async () => {
    const before = linesOf(await reportsIn(...teams));
    await client.patch(RESOURCES.policies, { name: 'baseline' }, { spec: { controls: [{ name: 'no-such-control' }] } });
    kubectl(['wait', '--for=condition=Stalled', '--timeout=20s', 'securitypolicy/baseline']);
    const { status, metadata } = await policy();
    expect([metadata.generation, status?.evaluatedGeneration]).to.deep.equal([3, 2]);
    expect(linesOf(await reportsIn(...teams))).to.deep.equal(before);
    await client.patch(RESOURCES.policies, { name: 'baseline' }, { spec: { controls: null } });
    await evaluated(4);
  });

  it('separates two policies on one workload, and removes only the deleted one from the reports', async () => {
    const second = {
      metadata: { name: 'second' },
      spec: { controls: [{ name: 'host-network', severity: 'low' }] },
    } as unknown as KubeObject;
    await client.create(RESOURCES.policies, second);
    await eventually('both are in the reports', async () => {
      const said = linesOf(await reportsIn('team-01'));
      return said.includes('team-01 vigil-statefulset-bad second/host-network fail') ? said : undefined;
    });
    expect(linesOf(await reportsIn('team-01'))).to.deep.equal([
      'team-01 vigil-cronjob-bad baseline/host-network fail',
      'team-01 vigil-cronjob-bad second/host-network fail',
      'team-01 vigil-statefulset-bad baseline/host-network fail',
      'team-01 vigil-statefulset-bad second/host-network fail',
    ]);
    await client.delete(RESOURCES.policies, { name: 'second' });
    await eventually('the second policy is in no report', async () =>
      linesOf(await reportsIn(...everywhere)).some((line) => line.includes('second/')) ? undefined : true,
    );
    expect(linesOf(await reportsIn('team-01'))).to.have.length(2);
    await eventually('no report exists in the scope of the second policy only', async () =>
      (await reportsIn('shop')).length === 0 ? true : undefined,
    );
  });

  it('reaches the same result if the operator is killed at any point of a scan', async () => {
    const wanted = linesOf(await reportsIn(...teams));
    const points: readonly (readonly [string, (scan: Scan) => boolean])[] = [
      ['while it plans', () => true],
      ['when its Job runs', ({ status }) => (status?.jobs ?? []).length > 0],
      ['when one shard is in', ({ status }) => status?.progress !== undefined && !status.progress.startsWith('0/')],
    ];
    for (const [point, reached] of points) {
      // Deletes the reports, so that every shard has something to write.
      kubectl(['delete', 'policyreports', '-A', '-l', 'app.kubernetes.io/managed-by=vigil', '--wait=false']);
      const name = await makeScan();
      await eventually(
        `the scan is reached ${point}`,
        async () => (reached(await client.get<Scan>(RESOURCES.scans, { name })) ? true : undefined),
        30,
      );
      await crashOperator();
      const { status } = await scanEnded(name, 120);
      expect([point, status?.phase, status?.coverage]).to.deep.equal([
        point,
        'Complete',
        { inScope: 33, scanned: 33, failed: 0, skipped: 0, excludedNamespaces: status?.coverage?.excludedNamespaces },
      ]);
      expect(linesOf(await reportsIn(...teams)), point).to.deep.equal(wanted);
      expect(
        await listAll<PolicyReport>(client, RESOURCES.clusterReports, { labelSelector: 'vigil.dev/source=vigil' }),
        point,
      ).to.deep.equal([]);
    }
  });

  it('retries a shard whose log was lost before it was collected', async () => {
    const [node] = await listAll<KubeObject>(client, { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespaced: false });
    kubectl(['cordon', node?.metadata.name ?? '']);
    const name = await makeScan();
    await eventually('the pods are Pending', async () => ((await workerPods(name)).length > 0 ? true : undefined));
    await scaleOperator(0);
    kubectl(['uncordon', node?.metadata.name ?? '']);
    const pods = await eventually('all pods have run', async () => {
      const found = await workerPods(name);
      return found.length >= 3 && found.every(({ status }) => status?.phase === 'Succeeded') ? found : undefined;
    });
    await client.delete(RESOURCES.pods, { namespace: home, name: pods[1]?.metadata.name ?? '' });
    await eventually('the pod is deleted', async () => ((await workerPods(name)).length < pods.length ? true : undefined));
    await scaleOperator(1);
    const { status } = await scanEnded(name, 120);
    expect([status?.phase, status?.jobs?.length, status?.coverage?.scanned, status?.coverage?.failed]).to.deep.equal([
      'Complete',
      2,
      33,
      0,
    ]);
  });

  it('retries a worker that was OOM-killed with more memory', async () => {
    const job = { resources: { limits: { memory: '30Mi' }, requests: { memory: '10Mi' } } };
    const { status } = await scanEnded(await makeScan({ scan: { job } }), 120);
    expect([status?.phase, status?.coverage?.scanned, status?.coverage?.failed]).to.deep.equal(['Complete', 33, 0]);
    expect(status?.jobs?.length).to.be.greaterThan(1);
  });

  it('removes all objects of a finished scan except the Scan', async () => {
    await eventually('no Job, pod or ConfigMap of a scan exists', async () => {
      const labelSelector = 'vigil.dev/scan';
      const left = await Promise.all(
        [RESOURCES.jobs, RESOURCES.pods, RESOURCES.configMaps].map((resource) =>
          listAll(client, resource, { namespace: home, labelSelector }),
        ),
      );
      return left.flat().length === 0 ? true : undefined;
    });
  });

  it('removes all reports of a deleted policy, also if it was deleted while no operator ran', async () => {
    await scaleOperator(0);
    kubectl(['delete', 'securitypolicy', 'baseline']);
    expect(await reportsIn(...teams)).to.have.length(33);
    await scaleOperator(1);
    await eventually('all reports are deleted', async () => ((await reportsIn(...teams)).length === 0 ? true : undefined));
  });

  it('refuses a Scan of a policy that does not exist, by name', async () => {
    const { status } = await scanEnded(await makeScan({ policies: ['nowhere'] }));
    const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
    expect([status?.phase, stalled?.reason, stalled?.message]).to.deep.equal([
      'Failed',
      'PolicyNotFound',
      'spec.policies: no SecurityPolicy nowhere',
    ]);
  });

  it('creates ScanSchedule/default once, and not again after a person deleted it', async () => {
    kubectl(['get', 'scanschedule', 'default']);
    kubectl(['delete', 'scanschedule', 'default']);
    kubectl(['-n', home, 'rollout', 'restart', 'deployment/vigil-operator']);
    kubectl(['-n', home, 'rollout', 'status', 'deployment/vigil-operator', '--timeout=60s']);
    const name = await makeScan();
    await scanEnded(name);
    expect((await listAll(client, RESOURCES.schedules)).map(({ metadata }) => metadata.name)).not.to.include('default');
  });

  async function workerPods(scan: string): Promise<(KubeObject & { status?: { phase?: string } })[]> {
    const pods = await listAll<KubeObject>(client, RESOURCES.pods, { namespace: home, labelSelector: 'vigil.dev/scan' });
    return pods.filter(({ metadata }) => metadata.annotations?.['vigil.dev/scan'] === scan);
  }
});
