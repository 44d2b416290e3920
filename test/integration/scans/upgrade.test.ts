import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { LABELS } from '../../../operator/api/group.ts';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { ReconcileContext } from '../../../operator/controller/controller.ts';
import { evaluationRevision } from '../../../operator/engine/evaluation-revision.ts';
import { clusterInfoReader } from '../../../operator/kube/cluster-info.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { reportLocation } from '../../../operator/reports/building/report-location.ts';
import { reportKey, reportName } from '../../../operator/reports/identity/report-name.ts';
import { desiredReports } from '../../../operator/reports/publishing/evaluation-results.ts';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import { ScanJobs, type ScanJobsDependencies } from '../../../operator/scans/attempts/scan-jobs.ts';
import { finishScan, type FinishDependencies } from '../../../operator/scans/finish/scan-finish.ts';
import type { ScanVerifier } from '../../../operator/scans/finish/scan-verify.ts';
import { LedgerStore } from '../../../operator/scans/ledger/ledger-store.ts';
import { allSettled, shardCollected } from '../../../operator/scans/ledger/ledger.ts';
import { scanHash } from '../../../operator/scans/ledger/names.ts';
import { cleanUp, type CleanupParts } from '../../../operator/scans/scan-cleanup.ts';
import { beginScan, type PlanDependencies } from '../../../operator/scans/scan-plan.ts';
import { ScanReconciler, type ScanLifeDependencies } from '../../../operator/scans/scan-reconciler.ts';
import type { ScanSteps } from '../../../operator/scans/scan-steps.ts';
import type { Logger } from '../../../operator/telemetry/logger.ts';
import type { StreamRecord } from '../../../operator/stream/stream-record.ts';
import { ShardWorker } from '../../../operator/worker/shard-worker.ts';
import { kubectl, testClient } from '../cluster-access.ts';

type Document = KubeObject & { readonly contents: Readonly<Record<string, unknown>> };
interface Fixture {
  readonly deployments: readonly KubeObject[];
  readonly policy: KubeObject;
  readonly scan: Scan;
  readonly job: KubeObject;
  readonly documents: readonly Document[];
  readonly reports: readonly PolicyReport[];
}

/**
 * A Scan in progress, written by the code of commit aff73eb: its plan and ledger, its Job, and the reports of the first of two shards. Uids are
 * placeholders, such as `uid-of-scan`.
 */
const fixture = readFileSync('test/integration/scans/upgrade-aff73eb.json', 'utf8');
const home = 'vigil-system';
const namespaces = ['upgraded-a', 'upgraded-b'];
const scanName = 'upgraded-scan';
const policyName = 'upgraded-policy';

describe('an upgrade from aff73eb in the middle of a scan', function () {
  this.timeout(120_000);
  const client = testClient();
  const logged: string[] = [];
  const write = (_fields: unknown, message: string): void => void logged.push(message);
  const log = { info: write, warn: write, error: write, debug: () => undefined } as unknown as Logger;
  const signal = new AbortController().signal;
  const uids = new Map<string, string>();
  /** The fixture with the uids of the cluster. Names contain a hash of the uid of the Scan. */
  const known = (): Fixture => {
    let text = fixture;
    const hash = scanHash(uids.get('uid-of-scan') ?? '');
    for (const [placeholder, uid] of uids) text = text.replaceAll(`"${placeholder}"`, `"${uid}"`);
    return JSON.parse(text.replaceAll(scanHash('uid-of-scan'), hash)) as Fixture;
  };
  const applyAsVigil = async (path: string, object: object): Promise<KubeObject> =>
    client.call<KubeObject>({
      method: 'PATCH',
      path,
      query: { fieldManager: 'vigil', force: true },
      contentType: 'application/apply-patch+yaml',
      body: object,
    });
  const createAsVigil = async (resource: Parameters<typeof client.create>[0], object: KubeObject): Promise<KubeObject> =>
    client.create(resource, object);
  const deployments = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true };

  const reports = async (): Promise<PolicyReport[]> => {
    const all = await Promise.all(namespaces.map((namespace) => listAll<PolicyReport>(client, RESOURCES.reports, { namespace })));
    return all.flat();
  };
  const left = async (resource: (typeof RESOURCES)['jobs' | 'configMaps']): Promise<string[]> => {
    const labelSelector = `${LABELS.scan}=${scanHash(uids.get('uid-of-scan') ?? '')}`;
    const found = await listAll(client, resource, { namespace: home, labelSelector });
    return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name);
  };

  before(async () => {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/', '-f', 'config/base/namespace.yaml']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/policyreports.wgpolicyk8s.io', 'crd/scans.vigil.dev']);
    for (const name of namespaces) await client.create(RESOURCES.namespaces, { metadata: { name } });
    const { deployments: workloads, policy, scan } = known();
    for (const workload of workloads)
      uids.set(`uid-of-${workload.metadata.name}`, (await client.create<KubeObject>(deployments, workload)).metadata.uid ?? '');
    uids.set('uid-of-policy', (await client.create<KubeObject>(RESOURCES.policies, policy)).metadata.uid ?? '');
    const { status, ...created } = scan;
    uids.set('uid-of-scan', (await client.create<KubeObject>(RESOURCES.scans, created)).metadata.uid ?? '');
    await applyAsVigil(`/apis/vigil.dev/v1alpha1/scans/${scanName}/status`, {
      apiVersion: 'vigil.dev/v1alpha1',
      kind: 'Scan',
      metadata: { name: scanName },
      status,
    });
    uids.set('uid-of-job', (await createAsVigil(RESOURCES.jobs, known().job)).metadata.uid ?? '');
    const { documents, reports: written } = known();
    for (const { contents, ...document } of documents) {
      const binaryData = Object.entries(contents).map(([key, value]) => [key, gzipSync(JSON.stringify(value)).toString('base64')] as const);
      await createAsVigil(RESOURCES.configMaps, { ...document, binaryData: Object.fromEntries(binaryData) } as KubeObject);
    }
    for (const report of written) {
      const { namespace = '', name } = report.metadata;
      const path = `/apis/wgpolicyk8s.io/v1alpha2/namespaces/${namespace}/policyreports/${name}`;
      await applyAsVigil(path, { apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'PolicyReport', ...report });
    }
  });

  after(async () => {
    kubectl(['delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait=false']);
    await client.delete(RESOURCES.scans, { name: scanName });
    await client.delete(RESOURCES.policies, { name: policyName });
  });

  /** Reconciles the Scan until it has ended, as the controller does. Shards are evaluated in this process, not by pods. */
  async function runScan(): Promise<{ readonly phases: readonly string[]; readonly parts: CleanupParts }> {
    let scan = await client.get<Scan>(RESOURCES.scans, { name: scanName });
    const policy = await client.get<SecurityPolicy>(RESOURCES.policies, { name: policyName });
    const clusterInfo = clusterInfoReader(client, () => undefined);
    const { kubernetesVersion } = await clusterInfo();
    const publisher = new ReportPublisher(client);
    const store = new LedgerStore(client, home, log);
    const worker = (): Promise<unknown> =>
      Promise.resolve({ image: 'vigil.dev/vigil:new', imagePullPolicy: 'Never', imagePullSecrets: [], serviceAccount: 's', placement: {} });
    const deps = {
      client,
      log,
      clusterInfo,
      publisher,
      worker,
      namespace: home,
      jobs: { get: () => undefined },
      pods: { list: () => [] },
      policies: { get: () => policy, list: () => [policy] },
      scans: { get: () => scan, list: () => [scan] },
      schedules: { list: () => [] },
      events: { record: () => undefined },
      metrics: { scans: { inc: () => undefined }, scanSeconds: { observe: () => undefined }, statusRefusals: { add: () => undefined } },
      clock: () => Date.now(),
      crdProblems: () => [],
      checkCrds: () => Promise.resolve([]),
      systemNamespaces: [home],
      shardTargets: 2,
      maxConcurrentScans: 4,
      revisionOf: ({ metadata: { generation = 0 }, spec }: SecurityPolicy) =>
        evaluationRevision({ generation, spec }, { kubernetesVersion }),
      enqueuePolicyCleanup: () => undefined,
    };
    const jobs = new ScanJobs(deps as unknown as ScanJobsDependencies);
    const verifier = { verify: () => Promise.resolve(false) } as unknown as ScanVerifier;
    const rescans = { update: () => Promise.resolve() };
    const steps: ScanSteps = {
      store,
      begin: (current, context) => beginScan(deps as unknown as PlanDependencies, store, current, context),
      unserved: () => Promise.resolve([]),
      clear: (current) => jobs.clear(current),
      finish: (current, ledger, { memory }) =>
        finishScan(deps as unknown as FinishDependencies, {
          ...{ scan: current, ledger, seen: memory.seen, store, verifier, rescan: undefined, rescans, signal },
        }),
      advance: async (current, stored, { memory }) => {
        let { ledger } = stored;
        const input = await store.input(ledger.input);
        const { shards } = await store.shards(ledger.jobs[0]?.configMaps ?? []);
        for (const [index, shard] of shards.entries()) {
          if (ledger.shards[index]?.state !== 'pending') continue;
          const records: StreamRecord[] = [];
          const record = (value: unknown): void => void records.push(value as StreamRecord);
          const writer = { bytes: 0, record, end: () => undefined };
          const summary = await new ShardWorker({ client, input, shard, index, writer, streamBytes: 1e9, signal }).run();
          const context = { id: scanName, seconds: 2, policies: ledger.policies, isAlive: () => true, evaluatedSince: () => undefined };
          const desired = records.flatMap((found) => (found.type === 'target' ? desiredReports(found, context) : []));
          const published = await publisher.publish(desired);
          for (const { source, target } of desired) {
            const key = reportKey(reportLocation(target).namespace, reportName(source, target));
            memory.seen.recordUpToDate(key, index, published.versions.get(key) ?? '');
          }
          ledger = shardCollected(ledger, index, { ...summary, new: published.new, fixed: published.fixed, uncovered: [] });
        }
        const next = await store.update({ name: scanName, uid: current.metadata.uid ?? '' }, { ...stored, ledger });
        return { stored: next, settled: allSettled(ledger) };
      },
    };
    const reconciler = new ScanReconciler(deps as unknown as ScanLifeDependencies, steps);
    const phases: string[] = [];
    for (let tries = 0; tries < 20 && scan.status?.phase !== 'Complete' && scan.status?.phase !== 'Failed'; tries++) {
      await reconciler.reconcile(scanName, { signal } as unknown as ReconcileContext);
      scan = await client.get<Scan>(RESOURCES.scans, { name: scanName });
      if (phases.at(-1) !== scan.status?.phase) phases.push(scan.status?.phase ?? '');
    }
    return { phases, parts: { ...deps, client, store, jobs } as unknown as CleanupParts };
  }

  it('loses no report, doubles none, logs the conversion and the new plan once each, and leaves nothing of the old plan behind', async () => {
    const before = new Map((await reports()).map(({ metadata: { name, uid } }) => [name, uid]));
    expect([...before.keys()].toSorted()).to.deep.equal(['vigil-deployment-web-0', 'vigil-deployment-web-1']);
    const oldDocuments = await left(RESOURCES.configMaps);
    expect([oldDocuments.length, (await left(RESOURCES.jobs)).length]).to.deep.equal([3, 1]);

    const { phases, parts } = await runScan();

    expect(phases.at(-1)).to.equal('Complete');
    expect(phases.filter((phase) => phase === 'Complete' || phase === 'Failed')).to.have.length(1);
    const lines = logged.filter((line) => line !== 'scan planned' && line !== 'scan finished');
    expect(lines).to.deep.equal(['ledger of an older version converted', 'scan planned again']);

    const after = await reports();
    expect(after.map(({ metadata: { name } }) => name).toSorted()).to.deep.equal(
      ['web-0', 'web-1', 'web-2', 'web-3'].map((name) => `vigil-deployment-${name}`),
    );
    for (const { metadata, results = [], summary } of after) {
      if (before.has(metadata.name)) {
        expect(metadata.uid).to.equal(before.get(metadata.name));
        expect(results[0]?.timestamp?.seconds).to.equal(1);
      }
      expect([results.map(({ rule, result }) => `${rule ?? ''} ${result ?? ''}`), summary?.fail]).to.deep.equal([['host-network fail'], 1]);
    }
    const scan = await client.get<Scan>(RESOURCES.scans, { name: scanName });
    expect(scan.status?.coverage).to.deep.include({ inScope: 4, scanned: 4, failed: 0 });
    expect([scan.status?.startTime, scan.status?.summary?.fail]).to.deep.equal(['2026-11-26T15:10:00Z', 4]);
    const { status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name: policyName });
    expect([status?.summary?.fail, status?.failing?.high, status?.coverage?.scanned]).to.deep.equal([4, 4, 4]);

    expect(await left(RESOURCES.jobs)).to.deep.equal([]);
    expect((await left(RESOURCES.configMaps)).filter((name) => oldDocuments.includes(name) && !name.endsWith('-ledger'))).to.deep.equal([]);
    await cleanUp(parts, scanName);
    expect(await left(RESOURCES.configMaps)).to.deep.equal([]);
  });
});
