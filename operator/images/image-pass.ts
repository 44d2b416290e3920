import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ReconcileContext, ReconcileResult } from '../controller/controller.ts';
import { optInCandidates, imageKeys, type ImageAccess, type ImageKeys } from './jobs/image-access.ts';
import { withAdoptedEntries } from './image-adoption.ts';
import type { ImageDataReader } from './statements/image-data.ts';
import { imageJobState } from './jobs/image-job-state.ts';
import { keyInNamespace } from './targets/image-key.ts';
import type { ImageEntry, ImageLedger } from './ledger/image-ledger.ts';
import type { ImagePlan } from './image-plan.ts';
import type { ImageStore, StoredImageLedger } from './ledger/image-store.ts';
import {
  unreferencedConfigMaps,
  withoutFindings,
  withoutImages,
  withoutDeletedDocuments,
  withSeenTimes,
  withNotPullableFailures,
} from './ledger-maintenance.ts';
import { isForbidden, isInvalid, isNotFound } from '../kube/client/kube-api-error.ts';
import type { Ages } from '../jobs/ages.ts';
import type { LogReader } from '../jobs/job-log.ts';
import { JobRunner, type JobClient } from '../jobs/job-runner.ts';
import type { ExpectedPods } from './targets/expected-pods.ts';
import type { ImageJob } from './jobs/image-job-list.ts';
import { collectImageJob, withRefusal } from './jobs/image-jobs.ts';
import type { ImageSync } from './image-sync.ts';
import type { ImageNamespaces } from './jobs/image-namespaces.ts';
import { publishImages, type ImagesPublished } from './results/image-publish.ts';
import type { ImageScope } from './targets/image-scope.ts';
import { updateImagesStatuses, type ImagesUpdateDependencies } from './images-update.ts';
import { isOutdated, currentInputs, withoutObsoleteFailures, workJobs, workPlan } from './image-work.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { ImageSettings } from './image-settings.ts';
import type { WorkerSettings } from '../jobs/template/worker-settings.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';

/** Milliseconds between two checks of running Jobs. */
const busyInterval = 1000;

/** The dependencies of {@link ImagePass}. */
export interface ImagePassDependencies extends ImagesUpdateDependencies {
  readonly client: JobClient & ImagesUpdateDependencies['client'];
  readonly events: Pick<EventRecorder, 'record'>;
  /** Vigil's own namespace. */
  readonly namespace: string;
  readonly images: ImageSettings;
  readonly worker: () => Promise<WorkerSettings>;
  readonly publisher: ReportPublisher;
  readonly policies: Lister<SecurityPolicy>;
}

/** The state that is kept from one pass to the next. */
export interface ImagePassState {
  readonly store: ImageStore;
  readonly reader: ImageDataReader;
  readonly sync: ImageSync;
  readonly namespaces: ImageNamespaces;
  readonly expected: ExpectedPods;
  /** The ages of the Jobs and their pods since they were first observed. */
  readonly ages: Ages;
  readonly logs: LogReader;
}

/** One reconcile of image scanning: collects finished Jobs, creates new ones, and updates the reports and the policies' status. */
export class ImagePass {
  readonly #deps: ImagePassDependencies;
  readonly #store: ImageStore;
  readonly #sync: ImageSync;
  readonly #reader: ImageDataReader;
  readonly #namespaces: ImageNamespaces;
  readonly #expected: ExpectedPods;
  readonly #ages: Ages;
  readonly #logs: LogReader;
  readonly #jobs: JobRunner;
  /** The context of the reconcile. */
  readonly #context: ReconcileContext;
  readonly #now: number;
  #stored: StoredImageLedger = { ledger: {} };

  constructor(deps: ImagePassDependencies, state: ImagePassState, context: ReconcileContext & { readonly now: number }) {
    this.#deps = deps;
    this.#store = state.store;
    this.#sync = state.sync;
    this.#reader = state.reader;
    this.#namespaces = state.namespaces;
    this.#expected = state.expected;
    this.#ages = state.ages;
    this.#logs = state.logs;
    this.#jobs = new JobRunner(deps.client);
    this.#context = context;
    this.#now = context.now;
  }

  async run(): Promise<ReconcileResult> {
    const asking = this.#deps.policies.list().filter(({ spec, metadata }) => spec.images && metadata.deletionTimestamp === undefined);
    this.#stored = await this.#store.readLedger();
    const jobs = await this.#namespaces.jobs();
    if (asking.length === 0 && jobs.length === 0 && Object.keys(this.#stored.ledger).length === 0) return {};
    const { scope, listedAt, isNew } = await this.#sync.read(this.#now, asking, {
      ledger: this.#stored.ledger,
      signal: this.#context.signal,
    });
    await this.#adopt(scope);
    jobs.push(...(await this.#namespaces.jobsIn((await this.#access(scope)).optedIn)));
    const before = this.#stored.ledger;
    const running = await this.#collectEnded(jobs);
    const collected = this.#stored.ledger !== before;
    await this.#adopt(scope);
    await this.#write(withoutDeletedDocuments(this.#stored.ledger, await this.#store.configMaps()));
    // The collected Jobs show which images the registry denied, so the access is read again.
    const access = await this.#access(scope);
    const keys = imageKeys(this.#stored.ledger, scope.images, access);
    await this.#write(withNotPullableFailures(withSeenTimes(this.#stored.ledger, keys, this.#now), keys, this.#now));
    const work = { keys, running, asking, now: this.#now };
    await this.#write(withoutObsoleteFailures(this.#deps.images, { ...work, ledger: this.#stored.ledger }));
    const plan = workPlan(this.#deps.images, { ...work, ledger: this.#stored.ledger });
    const idle = running.length + (await this.#start(plan, keys)) === 0;
    // While Jobs run, results change only if a Job ended, a Job waits for too long, or the listing is new.
    if (idle || isNew || collected || running.length < jobs.length) await this.#publish(scope, { access, listedAt });
    return idle ? this.#finish(plan, scope) : { requeueAfter: busyInterval };
  }

  /** Copies entries between keys with and without a platform. */
  async #adopt({ images, users, platforms }: ImageScope): Promise<void> {
    const namespaced = [...users].flatMap(([image, places]) => [...places.keys()].map((namespace) => keyInNamespace(image, namespace)));
    await this.#write(withAdoptedEntries(this.#stored.ledger, [...images.keys(), ...namespaced], platforms));
  }

  /** Cleans up if no Job runs and none can be created. Returns when to reconcile again. */
  async #finish(plan: ImagePlan, { policies }: ImageScope): Promise<ReconcileResult> {
    await this.#sweep(plan);
    this.#sync.forget();
    const delays = [plan.next ?? Number.POSITIVE_INFINITY, this.#deps.images.imageInterval * 1000, this.#expected.pause(policies)];
    return { requeueAfter: Math.min(...delays) };
  }

  /** Returns the namespaces where images may be scanned with pull secrets. */
  async #access({ images, users }: ImageScope): Promise<ImageAccess> {
    const optedIn = await this.#namespaces.optedIn(optInCandidates(this.#stored.ledger, images, users), this.#now);
    return { home: this.#deps.namespace, users, optedIn };
  }

  /** Collects the results of finished Jobs. Writes each to the ledger before its Job is deleted. Returns the running Jobs. */
  async #collectEnded(jobs: readonly ImageJob[]): Promise<ImageJob[]> {
    const { client, namespace: home, images } = this.#deps;
    const inputs = currentInputs(images);
    const running: ImageJob[] = [];
    for (const found of jobs) {
      if (!imageJobState(found.job)) {
        await this.#replace(found);
        continue;
      }
      const { ended, ledger, node } = await collectImageJob(
        { client, home, store: this.#store, now: this.#now, ageOf: this.#ages.of, logs: this.#logs },
        found,
        this.#stored.ledger,
      );
      await this.#write(ledger);
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
  async #start(plan: ImagePlan, { places }: ImageKeys): Promise<number> {
    if (plan.inventories.length + plan.match.length === 0) return 0;
    const { worker, namespace, images: settings } = this.#deps;
    const { image, imagePullPolicy, imagePullSecrets, placement } = await worker();
    const pods = { namespace, image, imagePullPolicy, imagePullSecrets, placement };
    let created = 0;
    for (const job of workJobs(plan, { ledger: this.#stored.ledger, places }, { pods, settings })) if (await this.#create(job)) created++;
    return created;
  }

  /**
   * Creates a Job. Returns true if it exists now, or if the previous Job of this name is being deleted. If the API server refuses it,
   * records a failure for its images and returns false.
   */
  async #create(job: KubeObject): Promise<boolean> {
    this.#namespaces.noteJob(job);
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
    await this.#write(withRefusal(this.#stored.ledger, job, { reason, at: this.#now }));
    this.#context.log.warn({ job: job.metadata.name, reason }, 'image Job rejected');
    return false;
  }

  async #publish(
    { policies }: ImageScope,
    { access, listedAt }: { readonly access: ImageAccess; readonly listedAt: number },
  ): Promise<void> {
    const { client, publisher } = this.#deps;
    const { ledger } = this.#stored;
    const input = { client, publisher, store: this.#store, reader: this.#reader, ledger, access, policies, now: this.#now };
    const published = await publishImages({ ...input, database: currentInputs(this.#deps.images).database });
    const { written, withdrawn, imageData } = published;
    this.#reportProblems(imageData);
    if (written + withdrawn > 0) this.#context.log.info({ written, withdrawn }, 'image reports updated');
    if (published.lost.length > 0) await this.#write(withoutFindings(this.#stored.ledger, published.lost));
    await updateImagesStatuses(this.#deps, { policies, ledger: this.#stored.ledger, access, published, listedAt, now: this.#now });
  }

  /** Reports documents that cannot be used: in the log after they were read, and with an Event on the ConfigMap in each pass. */
  #reportProblems({ data: { problems }, isNew }: ImagesPublished['imageData']): void {
    for (const { configMap, message } of problems) {
      const { namespace = '', name } = configMap.metadata;
      if (isNew) this.#context.log.warn({ configMap: `${namespace}/${name}`, reason: message }, 'vulnerability document not used');
      this.#deps.events.record(RESOURCES.configMaps, configMap, { type: 'Warning', reason: 'DocumentNotUsed', message });
    }
  }

  /** Removes ledger entries of images that no longer run, and deletes ConfigMaps that the ledger does not reference. */
  async #sweep({ forget }: ImagePlan): Promise<void> {
    await this.#write(withoutImages(this.#stored.ledger, forget));
    await this.#store.remove(unreferencedConfigMaps(this.#stored.ledger, (await this.#store.configMaps()).values(), this.#now));
  }

  async #write(ledger: ImageLedger): Promise<void> {
    if (JSON.stringify(ledger) === JSON.stringify(this.#stored.ledger)) return;
    this.#stored = await this.#store.writeLedger({ ...this.#stored, ledger });
  }
}
