import { LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { Scan } from '../../api/kinds/scan.ts';
import { eventsAbout, refusalIn } from '../../jobs/job-events.ts';
import type { JobPod } from '../../jobs/job-pod.ts';
import { isOfJob, JobRunner, type JobClient } from '../../jobs/job-runner.ts';
import { hasFailed, isOver, type JobObject } from '../../jobs/job-state.ts';
import type { Ledger, LedgerJob } from '../ledger/ledger.ts';
import { scanHash } from '../ledger/names.ts';
import { scanJob } from './scan-job.ts';
import type { WorkerSettings } from '../../jobs/template/worker-settings.ts';
import type { Lister } from '../../kube/watch/lister.ts';

/** The dependencies of {@link ScanJobs}. */
export interface ScanJobsDependencies {
  readonly client: JobClient;
  /** Vigil's own namespace. */
  readonly namespace: string;
  /** The image and account of the pods of Jobs. */
  readonly worker: () => Promise<WorkerSettings>;
  /** The Jobs of scans in Vigil's namespace, and their pods. */
  readonly jobs: Pick<Lister<JobObject>, 'get'>;
  readonly pods: Pick<Lister<JobPod>, 'list'>;
}

/**
 * Creates, finds and deletes the Jobs of scans. A Job is identified by name and uid, because a Job of the same name may be from an earlier
 * plan.
 */
export class ScanJobs {
  readonly #deps: ScanJobsDependencies;
  readonly #runner: JobRunner;

  constructor(deps: ScanJobsDependencies) {
    this.#deps = deps;
    this.#runner = new JobRunner(deps.client);
  }

  /**
   * Creates the Job of an attempt. Returns its uid, also if it existed before; undefined while the Job of an earlier plan is being deleted.
   * Throws if another owner has a Job of this name.
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

  /** The Job from the cache, else from the API server. */
  async find({ name, uid }: LedgerJob): Promise<JobObject | undefined> {
    const { namespace } = this.#deps;
    const known = this.#deps.jobs.get(name, namespace);
    return known && (uid === undefined || known.metadata.uid === uid) ? known : this.#runner.find({ namespace, name, uid });
  }

  /** The pods of a Job from the cache. */
  podsOf({ metadata: { uid } }: KubeObject): JobPod[] {
    return this.#deps.pods.list().filter((pod) => isOfJob(pod, uid));
  }

  /** The pods of a Job from the API server, for decisions that must not rely on an outdated cache. */
  livePodsOf(job: KubeObject): Promise<JobPod[]> {
    return this.#runner.podsOf(job);
  }

  /** Why a Job has no other pods, from its Events; undefined if no Event reports it. */
  async whyNoPod(job: JobObject, pods: readonly JobPod[]): Promise<string | undefined> {
    return refusalIn(await eventsAbout(this.#deps.client, this.#deps.namespace, job), pods);
  }

  /**
   * Deletes the Jobs of an ended scan. Jobs with failed shards are kept for a day, so that users can inspect their pods, unless they could
   * create more pods.
   */
  async tidy(ledger: Ledger): Promise<void> {
    const { namespace } = this.#deps;
    for (const { name, uid, shards, created } of ledger.jobs) {
      const failed = shards.some((shard) => ledger.shards[shard]?.state === 'error');
      const there = failed ? await this.#runner.find({ namespace, name }) : undefined;
      if (!created || (failed && (!there || isOver(there, shards.length)))) continue;
      await this.#runner.remove({ namespace, name, uid });
    }
  }

  /** Deletes every Job of a scan that has no plan. Returns their number. */
  async clear(scan: Scan): Promise<number> {
    const left = await this.#all(scan);
    await this.#remove(left);
    return left.length;
  }

  /** Deletes the Jobs of an ended scan without a ledger, except for those that failed: {@link tidy} keeps these for a day. */
  async clearUnfinished(scan: Scan): Promise<void> {
    await this.#remove((await this.#all(scan)).filter((job) => !hasFailed(job)));
  }

  #all({ metadata: { uid = '' } }: Scan): Promise<JobObject[]> {
    return this.#runner.list(this.#deps.namespace, `${LABELS.scan}=${scanHash(uid)}`);
  }

  async #remove(jobs: readonly JobObject[]): Promise<void> {
    for (const { metadata } of jobs) await this.#runner.remove({ ...metadata, namespace: this.#deps.namespace });
  }
}
