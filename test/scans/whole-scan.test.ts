import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import { ScanCluster } from './scan-cluster.ts';

const severities = { critical: 0, high: 0, medium: 0, low: 0 };
const condition = ({ status }: Pick<Scan, 'status'>, type: string): string => {
  const found = status?.conditions?.find((each) => each.type === type);
  return found ? `${found.status} ${found.reason}: ${found.message}` : '';
};

describe('a whole scan', () => {
  let cluster: ScanCluster;
  beforeEach(async () => {
    cluster = new ScanCluster();
    await cluster.namespace('blue', 'web', 'data');
    await cluster.namespace('green', 'web');
    await cluster.deployment('green', 'good', false);
    await cluster.policy('p');
  });
  afterEach(() => cluster.restart());
  const reports = (): string[] => [...cluster.reports.keys()].map((name) => name.replace('vigil-deployment-', '')).toSorted();
  const failing = (): number | undefined => cluster.policyOf('p').status?.summary?.fail;

  it('plans its shards, creates its Job, and reports its progress', async () => {
    await cluster.scan('s');
    expect(await cluster.reconcile('s')).to.deep.equal({ requeueAfter: 3000, failed: false });
    const { status } = cluster.scanOf('s');
    expect(status).to.deep.include({
      ...{ phase: 'Running', progress: '0/2', startTime: '2026-01-01T00:00:30Z', carriedOver: 0, observedGeneration: 1 },
      coverage: { inScope: 4, scanned: 0, failed: 0, skipped: 0, excludedNamespaces: 0 },
      jobs: cluster.jobs.map(({ metadata }) => metadata.name),
    });
    expect(condition({ status } as Scan, 'Reconciling')).to.equal('True Running: the pods of the scan evaluate the targets');
    expect([cluster.jobs.length, cluster.documents]).to.deep.equal([1, 3]);
  });

  it('runs an Indexed Job under the restricted Pod Security Standard', async () => {
    await cluster.scan('s');
    await cluster.reconcile('s');
    const { metadata, spec } = cluster.jobs[0] as unknown as { metadata: Record<string, unknown>; spec: Record<string, unknown> };
    const hash = String(metadata['name']).split('-')[1] ?? '';
    const labels = { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/scan': hash };
    expect(metadata).to.deep.include({ namespace: 'vigil-system', name: `vigil-${hash}-a1`, labels });
    expect(metadata['ownerReferences']).to.deep.equal([
      { apiVersion: 'vigil.dev/v1alpha1', kind: 'Scan', name: 's', uid: cluster.scanOf('s').metadata.uid, controller: true },
    ]);
    const { template, ...rest } = spec as { template: { metadata: object; spec: Record<string, unknown> } };
    expect(rest).to.deep.equal({
      ...{ completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 0, podReplacementPolicy: 'Failed' },
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] },
      ...{ activeDeadlineSeconds: 7800, ttlSecondsAfterFinished: 86_400 },
    });
    expect(template.metadata).to.deep.equal({ labels, annotations: { 'vigil.dev/scan': 's' } });
    const { volumes, containers, ...pod } = template.spec;
    expect(pod).to.deep.equal({
      ...{ restartPolicy: 'Never', activeDeadlineSeconds: 3600, enableServiceLinks: false, terminationGracePeriodSeconds: 5 },
      ...{ imagePullSecrets: [{ name: 'pull' }], nodeSelector: { 'kubernetes.io/os': 'linux' }, serviceAccountName: 's' },
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(containers).to.deep.equal([
      {
        ...{ name: 'worker', image: 'vigil:1', imagePullPolicy: 'Never', args: ['worker'] },
        env: [{ name: 'NODE_OPTIONS', value: '--disable-warning=DEP0040 --max-semi-space-size=2 --max-old-space-size=110' }],
        resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [{ name: 'input', mountPath: '/vigil/input', readOnly: true }],
      },
    ]);
    const [{ projected: { sources } } = { projected: { sources: [] } }] = volumes as {
      projected: { sources: { configMap: { name: string } }[] };
    }[];
    expect(sources.map(({ configMap: { name } }) => name.replace(/-[0-9a-f]{8}-0$/, ''))).to.deep.equal([
      `vigil-${hash}-input`,
      `vigil-${hash}-shards`,
    ]);
  });

  it('writes a report for each object and the status of the policy, and is Complete', async () => {
    await cluster.scan('s');
    const { status } = await cluster.finish('s');
    expect(status).to.deep.include({
      ...{ phase: 'Complete', progress: '2/2', completionTime: '2026-01-01T00:00:30Z', carriedOver: 0 },
      summary: { pass: 1, fail: 3, warn: 0, error: 0, skip: 0 },
      failing: { ...severities, high: 3 },
      coverage: { inScope: 4, scanned: 4, failed: 0, skipped: 0, excludedNamespaces: 0 },
      ...{ new: severities, fixed: severities },
    });
    expect(status?.conditions?.map((each) => `${each.type} ${each.status} ${each.reason}: ${each.message}`)).to.deep.equal([
      'Ready True Complete: shards scanned: 2/2',
      'Reconciling False Complete: ',
      'Stalled False Complete: ',
      'Complete True Complete: shards scanned: 2/2',
      'Failed False Complete: ',
      'Covered True AllScanned: 4 of 4 targets',
    ]);
    expect(reports()).to.deep.equal(['blue/data', 'blue/web', 'green/good', 'green/web']);
    expect(cluster.policyOf('p').status).to.deep.include({
      ...{ evaluatedGeneration: 1, lastScan: 's', lastScanTime: '2026-01-01T00:00:30Z', coveragePercent: '100%' },
      summary: { pass: 1, fail: 3, warn: 0, error: 0, skip: 0 },
      failing: { ...severities, high: 3 },
    });
    expect(cluster.events).to.deep.equal([]);
    expect(await cluster.metrics.text())
      .to.include('vigil_scans_total{phase="Complete"} 1\n')
      .and.include('vigil_scan_seconds_sum{phase="Complete"} 30\n')
      .and.include('vigil_shard_attempts_total{outcome="Succeeded"} 2\n');
  });

  it('ends, and its Jobs and documents are deleted, and then the Scan itself', async () => {
    await cluster.scan('s');
    await cluster.finish('s');
    expect(await cluster.reconcile('s')).to.deep.equal({ requeueAfter: undefined, failed: false });
    expect((await cluster.cleanUp('s')).requeueAfter).to.equal(7 * 86_400_000);
    expect([cluster.jobs.length, cluster.documents]).to.deep.equal([0, 0]);
    cluster.now += 7 * 86_400_000;
    await cluster.cleanUp('s');
    expect(() => cluster.scanOf('s')).to.throw();
  });

  it('carries the verdicts of unchanged namespaces over, without a Job', async () => {
    await cluster.scan('s');
    await cluster.finish('s');
    cluster.now += 60_000;
    await cluster.scan('again');
    const { status } = await cluster.finish('again');
    expect(status).to.deep.include({
      phase: 'Complete',
      progress: '0/0',
      carriedOver: 4,
      jobs: [],
    });
    expect(condition({ status } as Scan, 'Complete')).to.equal(
      'True Complete: shards scanned: 0/0; 4 of 4 targets are carried over from an earlier scan',
    );
    expect([cluster.jobs.length, cluster.policyOf('p').status?.lastScan, failing()]).to.deep.equal([1, 'again', 3]);
  });

  it('evaluates only changed namespaces, and counts what is new and fixed', async () => {
    await cluster.scan('s');
    await cluster.finish('s');
    cluster.now += 60_000;
    await cluster.deployment('green', 'new');
    await cluster.remove('green', 'web');
    await cluster.scan('again');
    const { status } = await cluster.finish('again');
    expect(status).to.deep.include({ phase: 'Complete', carriedOver: 2, progress: '1/1' });
    expect(status?.new).to.deep.equal({ ...severities, high: 1 });
    expect(reports()).to.deep.equal(['blue/data', 'blue/web', 'green/good', 'green/new']);
    expect(failing()).to.equal(3);
  });

  it('evaluates everything with spec.full', async () => {
    await cluster.scan('s');
    await cluster.finish('s');
    cluster.now += 60_000;
    await cluster.scan('again', { full: true });
    expect((await cluster.finish('again')).status).to.deep.include({ phase: 'Complete', carriedOver: 0, progress: '2/2' });
  });

  it('of some namespaces updates their reports and the totals, but not the time of the last scan', async () => {
    await cluster.scan('s');
    await cluster.finish('s');
    cluster.now += 60_000;
    await cluster.remove('green', 'web');
    await cluster.remove('blue', 'web');
    await cluster.scan('part', { namespaces: { include: ['green', 'typo'] } });
    const scan = await cluster.finish('part');
    expect(condition(scan, 'Covered')).to.equal('False Incomplete: no namespace matches typo (spec.namespaces.include)');
    expect(reports()).to.deep.equal(['blue/data', 'blue/web', 'green/good']);
    expect([failing(), cluster.policyOf('p').status?.lastScan]).to.deep.equal([2, 's']);
  });

  it('of a policy with a framework writes its evidence and the status of the framework', async () => {
    await cluster.policy('pss', { frameworks: [{ name: 'pss-baseline' }] });
    await cluster.scan('s', { policies: ['pss'] });
    await cluster.finish('s');
    const [framework] = cluster.policyOf('pss').status?.frameworks ?? [];
    expect(framework).to.include({ name: 'pss-baseline', lastEvaluatedTime: '2026-01-01T00:00:30Z' });
    const evidence = [...cluster.reports].find(([name]) => name.startsWith('/vigil-frameworks-pss-'))?.[1];
    expect(evidence?.results?.filter(({ result }) => result === 'fail').map(({ rule }) => rule)).to.have.length(1);
    expect(cluster.policyOf('p').status).to.equal(undefined);
  });

  it('does not write results of a policy that is deleted or changed while it runs', async () => {
    await cluster.policy('gone', { controls: [{ name: 'host-pid' }] });
    await cluster.policy('changed', { controls: [{ name: 'host-ipc' }] });
    await cluster.scan('s');
    await cluster.reconcile('s');
    await cluster.api.delete(RESOURCES.policies, { name: 'gone' });
    await cluster.api.patch(
      RESOURCES.policies,
      { name: 'changed' },
      { metadata: { generation: 2 }, spec: { controls: [{ name: 'host-pid' }] } },
    );
    expect((await cluster.finish('s')).status?.phase).to.equal('Complete');
    const policies = new Set(
      [...cluster.reports.values()]
        .flatMap(({ metadata }) => Object.keys(metadata.labels ?? {}))
        .filter((label) => label.startsWith('policy.')),
    );
    expect([...policies]).to.deep.equal(['policy.vigil.dev/p']);
    expect(cluster.policyOf('changed').status).to.equal(undefined);
  });

  it('requests the cleanup of policies in reports that do not exist any more', async () => {
    await cluster.policy('gone', { controls: [{ name: 'host-pid' }] });
    await cluster.scan('s');
    await cluster.finish('s');
    await cluster.api.delete(RESOURCES.policies, { name: 'gone' });
    await cluster.scan('again', { full: true });
    await cluster.finish('again');
    expect(cluster.enqueued).to.deep.equal(['gone']);
  });
});
