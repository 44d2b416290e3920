import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { Scan } from '../api/scan.ts';
import { LABELS } from '../api/group.ts';
import { contains } from '../kube/contains.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import { listAll } from '../kube/list.ts';
import { eventsAbout, refusalIn } from '../jobs/job-events.ts';
import type { JobPod } from '../jobs/job-pod.ts';
import { isOver, type JobObject } from '../jobs/job-state.ts';
import type { Ledger, LedgerJob } from '../scan/ledger.ts';
import { scanHash } from '../scan/names.ts';
import { scanJob } from '../scan/scan-job.ts';
import type { WorkerSettings } from '../jobs/worker-settings.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Lister } from '../kube/lister.ts';

/** What {@link ScanJobs} uses. */
export interface ScanJobsDependencies {
  readonly client: KubeClient;
  /** Vigil's own. */
  readonly namespace: string;
  /** What the pods of Jobs run. */
  readonly worker: () => Promise<WorkerSettings>;
  /** The Jobs of scans in Vigil's namespace, and their pods. */
  readonly jobs: Pick<Lister<JobObject>, 'get'>;
  readonly pods: Pick<Lister<JobPod>, 'list'>;
}

/** The Jobs of scans as they are in the cluster. A Job is known by name and uid: one of the same name may be an earlier plan's. */
export class ScanJobs {
  readonly #deps: ScanJobsDependencies;

  constructor(deps: ScanJobsDependencies) {
    this.#deps = deps;
  }

  /** Makes the Job of an attempt. Returns its uid, also when it was made before; undefined when another of its name is on its way out. */
  async create(scan: Scan, ledger: Ledger, job: LedgerJob): Promise<string | undefined> {
    const { client, namespace } = this.#deps;
    const { image, imagePullPolicy, imagePullSecrets, serviceAccount, placement } = await this.#deps.worker();
    const { name, uid = '' } = scan.metadata;
    const manifest = scanJob({
      scan: { name, uid },
      namespace,
      attempt: ledger.jobs.indexOf(job) + 1,
      shards: job.shards.length,
      image,
      imagePullPolicy,
      imagePullSecrets,
      serviceAccount,
      configMaps: [...ledger.input, ...job.configMaps],
      template: scan.spec.scan ?? {},
      placement,
      memoryFactor: job.memoryFactor,
      deadlineFactor: job.deadlineFactor,
    });
    try {
      return (await client.create<KubeObject>(RESOURCES.jobs, manifest)).metadata.uid;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    const there = await this.#live(job.name);
    if (there && there.metadata.deletionTimestamp === undefined && contains(volumesOf(there), volumesOf(manifest)))
      return there.metadata.uid;
    // It works on another plan's shards: what it finds would be taken for this one's.
    if (there) await client.delete(RESOURCES.jobs, { namespace, name: job.name }, { uid: there.metadata.uid });
    return undefined;
  }

  /** The Job as it is: the server is asked when the cache does not have it (yet). */
  async find({ name, uid }: LedgerJob): Promise<JobObject | undefined> {
    const isIt = (job: JobObject | undefined): boolean => job !== undefined && (uid === undefined || job.metadata.uid === uid);
    const known = this.#deps.jobs.get(name, this.#deps.namespace);
    if (isIt(known)) return known;
    const live = await this.#live(name);
    return isIt(live) ? live : undefined;
  }

  /** The pods of a Job, as the cache has them. */
  podsOf({ metadata: { uid } }: KubeObject): JobPod[] {
    return this.#deps.pods.list().filter((pod) => isOf(pod, uid));
  }

  /** The pods of a Job, as the server has them: for what must not be decided by a cache that may have stopped. */
  async livePodsOf({ metadata: { uid, name } }: KubeObject): Promise<JobPod[]> {
    const options = { namespace: this.#deps.namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` };
    return (await listAll<JobPod>(this.#deps.client, RESOURCES.pods, options)).filter((pod) => isOf(pod, uid));
  }

  /** What a Job's events say of why it has no pod but these; undefined when none says anything. */
  async whyNoPod(job: JobObject, pods: readonly JobPod[]): Promise<string | undefined> {
    return refusalIn(await eventsAbout(this.#deps.client, this.#deps.namespace, job), pods);
  }

  /** Removes the Jobs of an ended scan. Those whose shards failed stay for a day, for people to look at their pods, unless they could make more. */
  async tidy(ledger: Ledger): Promise<void> {
    const { client, namespace } = this.#deps;
    for (const { name, uid, shards, created } of ledger.jobs) {
      const failed = shards.some((shard) => ledger.shards[shard]?.state === 'error');
      const there = failed ? await this.#live(name) : undefined;
      if (!created || (failed && (!there || isOver(there, shards.length)))) continue;
      await client.delete(RESOURCES.jobs, { namespace, name }, { uid });
    }
  }

  /** Removes every Job of a scan that has no plan (any more). Returns how many there were. */
  async clear(scan: Scan): Promise<number> {
    const { client, namespace } = this.#deps;
    const labelSelector = `${LABELS.scan}=${scanHash(scan.metadata.uid ?? '')}`;
    const left = await listAll(client, RESOURCES.jobs, { namespace, labelSelector, metadataOnly: true });
    for (const { metadata } of left) await client.delete(RESOURCES.jobs, { namespace, name: metadata.name }, { uid: metadata.uid });
    return left.length;
  }

  async #live(name: string): Promise<JobObject | undefined> {
    try {
      return await this.#deps.client.get<JobObject>(RESOURCES.jobs, { namespace: this.#deps.namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

const isOf = ({ metadata }: JobPod, job: string | undefined): boolean =>
  (metadata.ownerReferences ?? []).some(({ kind, uid }) => kind === 'Job' && uid === job);

interface WithTemplate {
  readonly spec?: { readonly template?: { readonly spec?: { readonly volumes?: unknown } } };
}

/** What a Job's pods mount: the names of its plan's documents, which no other plan has. */
const volumesOf = (job: KubeObject): unknown => (job as WithTemplate).spec?.template?.spec?.volumes;
