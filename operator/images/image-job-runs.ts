import type { KubeObject } from '../api/metadata.ts';
import type { ReconcileContext } from '../controller/controller.ts';
import type { ImageKeys } from './jobs/image-access.ts';
import { imageJobState } from './jobs/image-job-state.ts';
import type { ImageEntry } from './ledger/image-ledger.ts';
import type { ImagePlan } from './image-plan.ts';
import type { ImageStore } from './ledger/image-store.ts';
import { isForbidden, isInvalid, isNotFound } from '../kube/client/kube-api-error.ts';
import type { Ages } from '../jobs/ages.ts';
import type { LogReader } from '../jobs/job-log.ts';
import { JobRunner, type JobClient } from '../jobs/job-runner.ts';
import type { ImageJob } from './jobs/image-job-list.ts';
import { collectImageJob, withRefusal } from './jobs/image-jobs.ts';
import type { ImageNamespaces } from './jobs/image-namespaces.ts';
import { isOutdated, currentInputs, workJobs } from './image-work.ts';
import type { ImageSettings } from './image-settings.ts';
import type { WorkerSettings } from '../jobs/template/worker-settings.ts';
import type { WorkingLedger } from './ledger/working-ledger.ts';

/** The dependencies of {@link ImageJobRuns}. */
export interface ImageJobRunsDependencies {
  readonly client: JobClient;
  /** Vigil's own namespace. */
  readonly namespace: string;
  readonly images: ImageSettings;
  readonly worker: () => Promise<WorkerSettings>;
}

/** The state that is kept from one reconcile to the next. */
export interface ImageJobRunsState {
  readonly store: ImageStore;
  readonly namespaces: ImageNamespaces;
  /** The ages of the Jobs and their pods since they were first observed. */
  readonly ages: Ages;
  readonly logs: LogReader;
}

/** Collects the image Jobs that have ended, and creates new ones. */
export class ImageJobRuns {
  readonly #deps: ImageJobRunsDependencies;
  readonly #state: ImageJobRunsState;
  readonly #ledger: WorkingLedger;
  readonly #jobs: JobRunner;
  readonly #context: ReconcileContext;
  readonly #now: number;

  constructor(
    deps: ImageJobRunsDependencies,
    state: ImageJobRunsState,
    { ledger, context, now }: { readonly ledger: WorkingLedger; readonly context: ReconcileContext; readonly now: number },
  ) {
    this.#deps = deps;
    this.#state = state;
    this.#ledger = ledger;
    this.#jobs = new JobRunner(deps.client);
    this.#context = context;
    this.#now = now;
  }

  /** Collects the results of finished Jobs. Writes each to the ledger before its Job is deleted. Returns the running Jobs. */
  async collectEnded(jobs: readonly ImageJob[]): Promise<ImageJob[]> {
    const { client, namespace: home, images } = this.#deps;
    const inputs = currentInputs(images);
    const running: ImageJob[] = [];
    for (const found of jobs) {
      if (!imageJobState(found.job)) {
        await this.#replace(found);
        continue;
      }
      const { ended, ledger, node } = await collectImageJob(
        { client, home, store: this.#state.store, now: this.#now, ageOf: this.#state.ages.of, logs: this.#state.logs },
        found,
        this.#ledger.current,
      );
      await this.#ledger.write(ledger);
      if (!ended && !isOutdated(found, inputs)) {
        running.push({ ...found, node });
        continue;
      }
      await this.#remove(found);
      for (const digest of ended ? found.images : []) this.#logOutcome(digest, ledger[digest]);
    }
    return running;
  }

  /** Deletes a Job of an older Vigil version that has no annotation with its inputs. Its work is done again. */
  async #replace(found: ImageJob): Promise<void> {
    this.#context.log.info({ job: found.job.metadata.name }, 'replacing image Job of an older Vigil version');
    await this.#remove(found);
  }

  /** Deletes a Job. If its namespace has opted out, the Job's TTL deletes it. */
  async #remove({ job: { metadata } }: ImageJob): Promise<void> {
    const { name, uid, namespace = this.#deps.namespace } = metadata;
    try {
      await this.#jobs.remove({ namespace, name, uid });
    } catch (error) {
      if (namespace === this.#deps.namespace || !isForbidden(error)) throw error;
    }
  }

  #logOutcome(digest: string, entry: ImageEntry | undefined): void {
    const { failure } = entry ?? {};
    if (failure?.at === this.#now) this.#context.log.warn({ digest, step: failure.step, reason: failure.reason }, 'image scan failed');
    else this.#context.log.info({ digest, database: entry?.findings?.database }, 'image scanned');
  }

  /** Creates the Jobs of a plan. Returns their number. */
  async start(plan: ImagePlan, { places }: ImageKeys): Promise<number> {
    if (plan.inventories.length + plan.match.length === 0) return 0;
    const { worker, namespace, images: settings } = this.#deps;
    const { image, imagePullPolicy, imagePullSecrets, placement } = await worker();
    const pods = { namespace, image, imagePullPolicy, imagePullSecrets, placement };
    let created = 0;
    for (const job of workJobs(plan, { ledger: this.#ledger.current, places }, { pods, settings })) if (await this.#create(job)) created++;
    return created;
  }

  /**
   * Creates a Job. Returns true if it exists now, or if the previous Job of this name is being deleted. If the API server refuses it,
   * records a failure for its images and returns false.
   */
  async #create(job: KubeObject): Promise<boolean> {
    this.#state.namespaces.noteJob(job);
    try {
      const made = await this.#jobs.make(job);
      if (made.kind === 'taken') return await this.#refused(job, made.message);
      if (made.kind === 'made') this.#context.log.info({ job: job.metadata.name }, 'image Job created');
      return true;
    } catch (error) {
      if (!(isForbidden(error) || isInvalid(error) || isNotFound(error))) throw error;
      return this.#refused(job, error instanceof Error ? error.message : String(error));
    }
  }

  async #refused(job: KubeObject, reason: string): Promise<false> {
    await this.#ledger.write(withRefusal(this.#ledger.current, job, { reason, at: this.#now }));
    this.#context.log.warn({ job: job.metadata.name, reason }, 'image Job rejected');
    return false;
  }
}
