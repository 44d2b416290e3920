import { LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { Scan } from '../../api/scan.ts';
import { eventsAbout, refusalIn } from '../../jobs/job-events.ts';
import type { JobPod } from '../../jobs/job-pod.ts';
import { isOfJob, JobRunner } from '../../jobs/job-runner.ts';
import { isOver, type JobObject } from '../../jobs/job-state.ts';
import type { Ledger, LedgerJob } from '../ledger/ledger.ts';
import { scanHash } from '../ledger/names.ts';
import { scanJob } from './scan-job.ts';
import type { WorkerSettings } from '../../jobs/template/worker-settings.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { Lister } from '../../kube/watch/lister.ts';

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
  readonly #runner: JobRunner;

  constructor(deps: ScanJobsDependencies) {
    this.#deps = deps;
    this.#runner = new JobRunner(deps.client);
  }

  /**
   * Makes the Job of an attempt. Returns its uid, also if it was made before; undefined while the Job of an earlier plan is being deleted.
   * Throws if a Job of that name is not Vigil's.
   */
  async create(scan: Scan, ledger: Ledger, job: LedgerJob): Promise<string | undefined> {
    const { image, imagePullPolicy, imagePullSecrets, serviceAccount, placement } = await this.#deps.worker();
    const { name, uid = '' } = scan.metadata;
    const manifest = scanJob({
      scan: { name, uid },
      namespace: this.#deps.namespace,
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
    const made = await this.#runner.make(manifest);
    if (made.kind === 'taken') throw new Error(made.message);
    return made.kind === 'leaving' ? undefined : made.uid;
  }

  /** The Job as it is: the server is asked if the cache does not have it (yet). */
  async find({ name, uid }: LedgerJob): Promise<JobObject | undefined> {
    const { namespace } = this.#deps;
    const known = this.#deps.jobs.get(name, namespace);
    return known && (uid === undefined || known.metadata.uid === uid) ? known : this.#runner.find({ namespace, name, uid });
  }

  /** The pods of a Job, as the cache has them. */
  podsOf({ metadata: { uid } }: KubeObject): JobPod[] {
    return this.#deps.pods.list().filter((pod) => isOfJob(pod, uid));
  }

  /** The pods of a Job, as the server has them: for what must not be decided by a cache that may have stopped. */
  livePodsOf(job: KubeObject): Promise<JobPod[]> {
    return this.#runner.podsOf(job);
  }

  /** What a Job's events say of why it has no pod but these; undefined if none says anything. */
  async whyNoPod(job: JobObject, pods: readonly JobPod[]): Promise<string | undefined> {
    return refusalIn(await eventsAbout(this.#deps.client, this.#deps.namespace, job), pods);
  }

  /** Removes the Jobs of an ended scan. Those whose shards failed stay for a day, for people to look at their pods, unless they could make more. */
  async tidy(ledger: Ledger): Promise<void> {
    const { namespace } = this.#deps;
    for (const { name, uid, shards, created } of ledger.jobs) {
      const failed = shards.some((shard) => ledger.shards[shard]?.state === 'error');
      const there = failed ? await this.#runner.find({ namespace, name }) : undefined;
      if (!created || (failed && (!there || isOver(there, shards.length)))) continue;
      await this.#runner.remove({ namespace, name, uid });
    }
  }

  /** Removes every Job of a scan that has no plan (any more). Returns how many there were. */
  async clear(scan: Scan): Promise<number> {
    const left = await this.#runner.list(this.#deps.namespace, `${LABELS.scan}=${scanHash(scan.metadata.uid ?? '')}`);
    for (const { metadata } of left) await this.#runner.remove({ ...metadata, namespace: this.#deps.namespace });
    return left.length;
  }
}
