import { pino } from 'pino';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { KubeObject, ObjectMeta } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { Scan, ScanSpec } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import type { EventText } from '../../operator/controller/event-recorder.ts';
import { noSelectedRules, type SelectedRulesOf } from '../../operator/engine/admission-policies/selected-rules.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { PolicyRevisions } from '../../operator/policies/policy-revisions.ts';
import type { AppliedWaivers } from '../../operator/reports/building/waived-results.ts';
import { ReportPublisher } from '../../operator/reports/publishing/report-publisher.ts';
import { LedgerStore } from '../../operator/scans/ledger/ledger-store.ts';
import { scanCleanup, scanController, type ScanDependencies } from '../../operator/scans/scan.ts';
import { StreamWriter } from '../../operator/stream/stream-writer.ts';
import { Metrics } from '../../operator/telemetry/metrics.ts';
import { ShardWorker } from '../../operator/worker/shard-worker.ts';
import { ControllerRunner, reconcileOnce, type ReconcileOutcome } from '../controller/reconcile-once.ts';
import { ClusterApi } from '../kube/cluster-api.ts';

const namespace = 'vigil-system';
const deployments = builtinResources.find(({ resource }) => resource === 'deployments') as ApiResource;

/** A cluster with Deployments, policies and Scans, whose Jobs run their workers in this process when {@link runJobs} is called. */
export class ScanCluster {
  readonly api = new ClusterApi();
  readonly events: EventText[] = [];
  readonly enqueued: string[] = [];
  readonly metrics = new Metrics();
  now = Date.parse('2026-01-01T00:00:30Z');
  /** The exceptions in force. */
  waivers: () => AppliedWaivers | undefined = () => undefined;
  crds: readonly { readonly crd: string; readonly reason: 'CRDMissing'; readonly message: string }[] = [];
  /** The rules of the ValidatingAdmissionPolicies that policies select. Undefined: they were not read yet. */
  selectedRules: SelectedRulesOf = () => noSelectedRules;
  readonly #revisions = new PolicyRevisions('1.36', (policy) => this.selectedRules(policy));
  #runner: ControllerRunner | undefined;

  async namespace(name: string, ...apps: readonly string[]): Promise<void> {
    await this.api.create(RESOURCES.namespaces, { metadata: { name } });
    for (const app of apps) await this.deployment(name, app);
  }

  async deployment(of: string, name: string, hostNetwork = true): Promise<void> {
    const template = { metadata: { labels: { app: name } }, spec: { hostNetwork, containers: [{ name: 'main', image: 'a:1' }] } };
    const creationTimestamp = new Date(this.now).toISOString();
    await this.api.create(deployments, { metadata: { namespace: of, name, creationTimestamp }, spec: { template } } as KubeObject);
  }

  remove(of: string, name: string): Promise<void> {
    return this.api.delete(deployments, { namespace: of, name });
  }

  policy(name: string, spec: SecurityPolicySpec = { controls: [{ name: 'host-network' }] }): Promise<KubeObject> {
    return this.api.create(RESOURCES.policies, { metadata: { name, generation: 1 }, spec } as SecurityPolicy);
  }

  scan(name: string, spec: ScanSpec = {}, annotations?: ObjectMeta['annotations']): Promise<KubeObject> {
    return this.api.create(RESOURCES.scans, { metadata: { name, generation: 1, ...(annotations && { annotations }) }, spec } as Scan);
  }

  /** Reconciles a Scan once, in the process that reconciled it before. */
  reconcile(name: string): Promise<ReconcileOutcome> {
    return (this.#runner ??= new ControllerRunner(scanController(this.#dependencies()))).reconcile(name);
  }

  /** Another process takes over: it knows nothing of the Scans. */
  async restart(): Promise<void> {
    await this.#runner?.stop();
    this.#runner = undefined;
  }

  cleanUp(name: string): Promise<ReconcileOutcome> {
    return reconcileOnce(scanCleanup(this.#dependencies()), name);
  }

  /** Reconciles a Scan and runs its Jobs until it has ended. */
  async finish(name: string): Promise<Scan> {
    for (let step = 0; step < 10 && !['Complete', 'Failed'].includes(this.scanOf(name).status?.phase ?? ''); step++) {
      await this.reconcile(name);
      await this.runJobs(name);
    }
    return this.scanOf(name);
  }

  /** Runs the pods of the current attempt of a Scan. `change` alters the log of a pod. */
  async runJobs(name: string, change: (lines: string[], index: number) => readonly string[] = (lines) => lines): Promise<void> {
    const { uid = '' } = this.scanOf(name).metadata;
    const store = new LedgerStore(this.api, namespace);
    const stored = await store.read({ name, uid });
    const attempt = stored?.ledger.jobs.at(-1);
    const job = this.jobs.find(({ metadata }) => metadata.name === attempt?.name);
    if (!stored || !attempt || !job || this.pods.some(({ metadata }) => metadata.ownerReferences?.[0]?.uid === job.metadata.uid)) return;
    const input = await store.input(stored.ledger.input);
    const { shards } = await store.shards(attempt.configMaps);
    for (const [index, shard] of shards.entries()) {
      const lines: string[] = [];
      const writer = new StreamWriter((line) => void lines.push(line));
      await new ShardWorker({
        client: this.api,
        input,
        shard,
        index,
        writer,
        streamBytes: 1e9,
        signal: new AbortController().signal,
      }).run();
      const pod = `${job.metadata.name}-${index}`;
      this.api.logs.set(pod, change(lines, index));
      await this.api.create(RESOURCES.pods, {
        metadata: {
          ...{ namespace, name: pod, labels: { 'batch.kubernetes.io/job-name': job.metadata.name } },
          annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
          ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid: job.metadata.uid ?? '' }],
        },
        status: { phase: 'Succeeded' },
      } as KubeObject);
    }
    await this.api.patch(RESOURCES.jobs, job.metadata, { status: { completedIndexes: `0-${shards.length - 1}` } });
  }

  scanOf(name: string): Scan {
    return this.#get('/scans/', name) as Scan;
  }

  policyOf(name: string): SecurityPolicy {
    return this.#get('/securitypolicies/', name) as SecurityPolicy;
  }

  get jobs(): readonly KubeObject[] {
    return this.#all('/jobs/');
  }

  get pods(): readonly KubeObject[] {
    return this.#all('/pods/');
  }

  /** The reports, by `<namespace>/<name>`. */
  get reports(): ReadonlyMap<string, PolicyReport> {
    return new Map(
      this.#all('policyreports/').map((report) => [`${report.metadata.namespace ?? ''}/${report.metadata.name}`, report as PolicyReport]),
    );
  }

  /** The number of ConfigMaps of Scans. */
  get documents(): number {
    return this.#all('/configmaps/').filter(({ metadata }) => metadata.ownerReferences?.[0]?.kind === 'Scan').length;
  }

  #all(part: string): KubeObject[] {
    return [...this.api.objects].filter(([path]) => path.includes(part)).map(([, object]) => object);
  }

  #get(part: string, name: string): KubeObject {
    const found = this.#all(part).find(({ metadata }) => metadata.name === name);
    if (!found) throw new Error(`there is no ${part}${name}`);
    return found;
  }

  #lister<T>(part: string): { readonly get: (name: string) => T | undefined; readonly list: () => readonly T[] } {
    return {
      get: (name) => this.#all(part).find(({ metadata }) => metadata.name === name) as T | undefined,
      list: () => this.#all(part) as T[],
    };
  }

  #dependencies(): ScanDependencies {
    return {
      client: this.api,
      publisher: new ReportPublisher(this.api, {}, { waivers: () => this.waivers() }),
      log: pino({ level: 'silent' }),
      metrics: this.metrics,
      events: { record: (_resource: unknown, _object: unknown, text: EventText) => void this.events.push(text) },
      clock: () => this.now,
      steady: () => this.now,
      namespace,
      checkCrds: () => Promise.resolve(this.crds),
      crdProblems: () => this.crds,
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: builtinResources }),
      systemNamespaces: [namespace],
      shardTargets: 2,
      maxConcurrentScans: 4,
      revisionOf: this.#revisions.of,
      selectedRules: (policy: Pick<SecurityPolicy, 'spec'>) => this.selectedRules(policy),
      scans: this.#lister('/scans/'),
      policies: this.#lister('/securitypolicies/'),
      schedules: this.#lister('/scanschedules/'),
      jobs: this.#lister('/jobs/'),
      pods: this.#lister('/pods/'),
      worker: () =>
        Promise.resolve({
          image: 'vigil:1',
          imagePullPolicy: 'Never',
          imagePullSecrets: [{ name: 'pull' }],
          serviceAccount: 's',
          placement: {},
        }),
      imageSyncStart: () => undefined,
      enqueuePolicyCleanup: (name: string) => void this.enqueued.push(name),
    } as unknown as ScanDependencies;
  }
}
