import { pino } from 'pino';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { ImagesStatus } from '../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { EventText } from '../../operator/controller/event-recorder.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { ImageScan, type ImageScanDependencies } from '../../operator/images/image-scan.ts';
import type { ImageSettings } from '../../operator/images/image-settings.ts';
import type { InventoryRecord } from '../../operator/images/inventory/inventory.ts';
import type { ImageEntry, ImageLedger } from '../../operator/images/ledger/image-ledger.ts';
import { ImageStore } from '../../operator/images/ledger/image-store.ts';
import type { Vulnerability } from '../../operator/images/matching/image-finding.ts';
import { withoutPlatform } from '../../operator/images/targets/image-key.ts';
import { imageHash } from '../../operator/images/targets/image-names.ts';
import { PolicyRevisions } from '../../operator/policies/policy-revisions.ts';
import { ReportPublisher } from '../../operator/reports/publishing/report-publisher.ts';
import { StreamWriter } from '../../operator/stream/stream-writer.ts';
import { ControllerRunner, type ReconcileOutcome } from '../controller/reconcile-once.ts';
import { ClusterApi } from '../kube/cluster-api.ts';

export const home = 'vigil-system';
const deployments = builtinResources.find(({ resource }) => resource === 'deployments') as ApiResource;

/** The digest `sha256:xx…` with this letter. */
export const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
export const high = (id: string, more: Partial<Vulnerability> = {}): Vulnerability => ({
  ...{ id, package: 'curl', installed: '1', severity: 'high' },
  ...more,
});

/** An image Job in the cluster. */
export interface FoundJob extends KubeObject {
  readonly spec: { readonly template: { readonly spec: Record<string, unknown> } };
}

/** A cluster with workloads, their pods, policies and the image controller. A test runs the pods of its Jobs with {@link runJobs}. */
export class ImageCluster {
  readonly api = new ClusterApi();
  readonly events: EventText[] = [];
  /** The messages of the log, with their level. */
  readonly log: { readonly level: number; readonly msg: string; readonly [field: string]: unknown }[] = [];
  now = Date.parse('2026-01-01T00:00:00Z');
  images: ImageSettings = { scannerImage: 'trivy:1', databaseImage: 'db:1', imageJobs: 2, imageJobsPerNode: 2, imageInterval: 300 };
  /** The vulnerabilities that a match finds, by digest. */
  readonly vulnerabilities = new Map<string, readonly Vulnerability[]>();
  /** The records after the packages of an inventory, by digest. */
  readonly records = new Map<string, readonly InventoryRecord[]>();
  #scan: ImageScan | undefined;
  #runner: ControllerRunner | undefined;
  #pods = 0;

  async node(name: string, arch = 'amd64'): Promise<void> {
    await this.api.create(RESOURCES.nodes, { metadata: { name, labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': arch } } });
  }

  async namespace(name: string): Promise<void> {
    await this.api.create(RESOURCES.namespaces, { metadata: { name } });
  }

  /** Creates a Deployment and a pod of it that runs the image with the digest of this letter. */
  async deployment(
    namespace: string,
    name: string,
    letter: string,
    pod: { node?: string; pullSecrets?: readonly string[] } = {},
  ): Promise<void> {
    const template = { spec: { containers: [{ name: 'main', image: `r.example/${name}:1` }] } };
    const metadata = { namespace, name, creationTimestamp: new Date(this.now).toISOString() };
    const { metadata: owner } = await this.api.create(deployments, { metadata, spec: { template } } as KubeObject);
    await this.pod({ namespace, name, uid: owner.uid ?? '' }, letter, pod);
  }

  async pod(
    { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
    letter: string,
    { node = 'n1', pullSecrets = [] }: { readonly node?: string; readonly pullSecrets?: readonly string[] } = {},
  ): Promise<void> {
    const image = `r.example/${name}:1`;
    await this.api.create(RESOURCES.pods, {
      metadata: {
        ...{ namespace, name: `${name}-${this.#pods++}` },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }],
      },
      spec: { nodeName: node, containers: [{ name: 'main', image }], imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })) },
      status: { phase: 'Running', containerStatuses: [{ name: 'main', image, imageID: `r.example/${name}@${digestOf(letter)}` }] },
    } as KubeObject);
  }

  async policy(name: string, images: SecurityPolicySpec['images'] | null = { vulnerabilities: {}, secrets: {} }): Promise<void> {
    await this.api.create(RESOURCES.policies, { metadata: { name, generation: 1 }, spec: images ? { images } : {} } as SecurityPolicy);
  }

  /** Reconciles once. */
  async pass(): Promise<ReconcileOutcome> {
    if (!this.#runner) {
      this.#scan = new ImageScan(this.#dependencies());
      const { queue } = this.#scan.controller;
      queue.done((await queue.take()) ?? '');
      this.#runner = new ControllerRunner(this.#scan.controller);
    }
    return { ...(await this.#runner.reconcile('cluster')) };
  }

  /** The controller; undefined before the first reconcile. */
  get scan(): ImageScan | undefined {
    return this.#scan;
  }

  /** Another process takes over: it knows only what is in the cluster. */
  async restart(): Promise<void> {
    await this.#runner?.stop();
    await this.#scan?.stop();
    this.#runner = undefined;
    this.#scan = undefined;
  }

  /** Reconciles and runs Jobs until no Job is left. Returns the last outcome. */
  async settle(): Promise<ReconcileOutcome> {
    let outcome = await this.pass();
    for (let step = 0; step < 10 && this.jobs.length > 0; step++) {
      await this.runJobs();
      outcome = await this.pass();
    }
    return outcome;
  }

  /** Runs the pods of all image Jobs to their end. */
  async runJobs(): Promise<void> {
    for (const job of this.jobs) await this.endPod(job, this.#streamOf(job));
  }

  /** Creates the succeeded pod of a Job with this log. */
  async endPod(job: KubeObject, lines: readonly string[], status: object = { phase: 'Succeeded' }): Promise<void> {
    const name = `${job.metadata.name}-${job.metadata.uid ?? ''}`;
    this.api.logs.set(name, lines);
    await this.api.create(RESOURCES.pods, {
      metadata: {
        ...{ namespace: job.metadata.namespace ?? '', name },
        labels: { 'batch.kubernetes.io/job-name': job.metadata.name, 'app.kubernetes.io/managed-by': 'vigil' },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid: job.metadata.uid ?? '', controller: true }],
      },
      status,
    } as KubeObject);
  }

  /** Ends the pod of a Job, and the Job, with a failure of the scanner. */
  async failJob(job: KubeObject, message: string): Promise<void> {
    const initContainerStatuses = [{ name: 'trivy', state: { terminated: { exitCode: 1, message } } }];
    await this.endPod(job, [], { phase: 'Failed', initContainerStatuses });
    await this.api.patch(RESOURCES.jobs, job.metadata, { status: { conditions: [{ type: 'Failed', status: 'True', message: 'failed' }] } });
  }

  #streamOf({ metadata: { labels, annotations } }: KubeObject): string[] {
    const lines: string[] = [];
    const writer = new StreamWriter((line) => void lines.push(line));
    const images = (annotations?.['vigil.dev/images'] ?? '').split(' ');
    if (labels?.['vigil.dev/part'] === 'image-match') {
      for (const key of images) {
        const image = imageHash(key);
        for (const vulnerability of this.vulnerabilities.get(digestIn(key)) ?? [])
          writer.record({ type: 'vulnerability', image, vulnerability });
        writer.record({ type: 'done', image });
      }
      writer.end({ database: new Date(this.now).toISOString() });
      return lines;
    }
    writer.record({ type: 'application', name: 'app', class: 'lang-pkgs', kind: 'node-pkg' });
    writer.record({ type: 'package', package: { name: 'a', version: '1', purl: 'pkg:npm/a@1' } });
    for (const record of this.records.get(digestIn(images[0] ?? '')) ?? []) writer.record(record);
    writer.end({ packages: 1, secrets: 0 });
    return lines;
  }

  get jobs(): FoundJob[] {
    return this.all('/jobs/').toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)) as FoundJob[];
  }

  /** The steps that the Jobs do now, such as `image-inventory sha256:…`, with one letter for a digest. */
  get work(): string[] {
    return this.jobs
      .map(({ metadata: { labels, annotations } }) => `${labels?.['vigil.dev/part'] ?? ''} ${annotations?.['vigil.dev/images'] ?? ''}`)
      .map((text) => text.replaceAll(/sha256:(.)[0-9a-z]{63}/g, '$1').replace('image-', ''))
      .toSorted();
  }

  /** The reports, by `<namespace>/<name of the workload>`. */
  get reports(): ReadonlyMap<string, PolicyReport> {
    const reports = this.all('policyreports/').map((report) => report as PolicyReport);
    return new Map(reports.map((report) => [`${report.metadata.namespace ?? ''}/${report.scope?.name ?? ''}`, report]));
  }

  /** `<verdict> <rule>: <message>` of each result in a report. */
  results(key: string): string[] {
    return (this.reports.get(key)?.results ?? [])
      .map(({ result, rule, message }) => `${result} ${rule ?? ''}: ${message ?? ''}`)
      .toSorted();
  }

  status(policy: string): ImagesStatus | undefined {
    return this.policies().find(({ metadata }) => metadata.name === policy)?.status?.images;
  }

  async ledger(): Promise<ImageLedger> {
    return (await new ImageStore(this.api, home).readLedger()).ledger;
  }

  /** The entry of a digest, with any platform. */
  async entry(letter: string): Promise<ImageEntry | undefined> {
    const ledger = await this.ledger();
    return Object.entries(ledger).find(([key]) => withoutPlatform(key) === digestOf(letter))?.[1];
  }

  /** Deletes or changes the ConfigMap with the current findings or inventory of a digest. */
  async damage(letter: string, part: 'findings' | 'inventory', content?: object): Promise<void> {
    const [name = ''] = (await this.entry(letter))?.[part]?.configMaps ?? [];
    if (content) await this.api.patch(RESOURCES.configMaps, { namespace: home, name }, content);
    else await this.api.delete(RESOURCES.configMaps, { namespace: home, name });
  }

  /** The ConfigMaps with inventories and findings. */
  get documents(): string[] {
    return this.all('/configmaps/').flatMap(({ metadata: { name, labels } }) => (labels?.['vigil.dev/part'] ? [name] : []));
  }

  all(part: string): KubeObject[] {
    return [...this.api.objects].filter(([path]) => path.includes(part)).map(([, object]) => object);
  }

  policies(): SecurityPolicy[] {
    return this.all('/securitypolicies/') as SecurityPolicy[];
  }

  #dependencies(): ImageScanDependencies {
    const sink = { write: (line: string) => void this.log.push(JSON.parse(line) as { level: number; msg: string }) };
    const none = { get: () => undefined, list: () => [] };
    return {
      client: this.api,
      publisher: new ReportPublisher(this.api),
      log: pino({ base: null }, sink),
      metrics: { statusRefusals: { inc: () => undefined } },
      events: { record: (_resource: unknown, _object: unknown, text: EventText) => void this.events.push(text) },
      clock: () => this.now,
      namespace: home,
      images: this.images,
      systemNamespaces: [home],
      crdProblems: () => [],
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: builtinResources }),
      revisionOf: new PolicyRevisions('1.36').of,
      schedules: none,
      scans: none,
      policies: { get: (name: string) => this.policies().find(({ metadata }) => metadata.name === name), list: () => this.policies() },
      worker: () =>
        Promise.resolve({
          ...{ image: 'vigil:1', imagePullPolicy: 'Never', imagePullSecrets: [{ name: 'own' }], serviceAccount: 's' },
          placement: { priorityClassName: 'low', nodeSelector: { pool: 'tools' } },
        }),
      watchSilence: 60_000,
    } as unknown as ImageScanDependencies;
  }
}

const digestIn = (key: string): string => key.split(/[+@]/)[0] ?? '';
