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
import { isForbidden, isInvalid, isNotFound } from '../kube/kube-api-error.ts';
import type { Ages } from '../jobs/ages.ts';
import type { LogReader } from '../jobs/job-log.ts';
import { JobRunner } from '../jobs/job-runner.ts';
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
import type { KubeClient } from '../kube/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';

/** Milliseconds between looks at Jobs that run. */
const whileBusy = 1000;

/** What {@link ImagePass} uses. */
export interface ImagePassDependencies extends ImagesUpdateDependencies {
  readonly client: KubeClient;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Vigil's own. */
  readonly namespace: string;
  readonly images: ImageSettings;
  readonly worker: () => Promise<WorkerSettings>;
  readonly publisher: ReportPublisher;
  readonly policies: Lister<SecurityPolicy>;
}

/** What one pass leaves to the next. */
export interface ImagePassState {
  readonly store: ImageStore;
  readonly reader: ImageDataReader;
  readonly sync: ImageSync;
  readonly namespaces: ImageNamespaces;
  readonly expected: ExpectedPods;
  /** How long its Jobs and their pods have been seen for. */
  readonly ages: Ages;
  readonly logs: LogReader;
}

/** One look at what runs: takes in what has ended, starts what is to be done, and tells what is known. */
export class ImagePass {
  readonly #deps: ImagePassDependencies;
  readonly #store: ImageStore;
  readonly #looks: ImageSync;
  readonly #reader: ImageDataReader;
  readonly #namespaces: ImageNamespaces;
  readonly #expected: ExpectedPods;
  readonly #ages: Ages;
  readonly #logs: LogReader;
  readonly #jobs: JobRunner;
  readonly #context: ReconcileContext;
  readonly #now: number;
  #stored: StoredImageLedger = { ledger: {} };

  constructor(deps: ImagePassDependencies, kept: ImagePassState, context: ReconcileContext & { readonly now: number }) {
    this.#deps = deps;
    this.#store = kept.store;
    this.#looks = kept.sync;
    this.#reader = kept.reader;
    this.#namespaces = kept.namespaces;
    this.#expected = kept.expected;
    this.#ages = kept.ages;
    this.#logs = kept.logs;
    this.#jobs = new JobRunner(deps.client);
    this.#context = context;
    this.#now = context.now;
  }

  async run(): Promise<ReconcileResult> {
    const asking = this.#deps.policies.list().filter(({ spec, metadata }) => spec.images && metadata.deletionTimestamp === undefined);
    this.#stored = await this.#store.readLedger();
    const jobs = await this.#namespaces.jobs();
    if (asking.length === 0 && jobs.length === 0 && Object.keys(this.#stored.ledger).length === 0) return {};
    const { around, listedAt, anew } = await this.#looks.read(this.#now, asking, {
      ledger: this.#stored.ledger,
      signal: this.#context.signal,
    });
    await this.#adopt(around);
    jobs.push(...(await this.#namespaces.jobsIn((await this.#access(around)).optedIn)));
    const before = this.#stored.ledger;
    const running = await this.#takeInEnded(jobs);
    const news = this.#stored.ledger !== before;
    await this.#adopt(around);
    await this.#write(withoutDeletedDocuments(this.#stored.ledger, await this.#store.configMaps()));
    // Only now is it known which images were refused.
    const access = await this.#access(around);
    const keys = imageKeys(this.#stored.ledger, around.images, access);
    await this.#write(withNotPullableFailures(withSeenTimes(this.#stored.ledger, keys, this.#now), keys, this.#now));
    const work = { keys, running, asking, now: this.#now };
    await this.#write(withoutObsoleteFailures(this.#deps.images, { ...work, ledger: this.#stored.ledger }));
    const plan = workPlan(this.#deps.images, { ...work, ledger: this.#stored.ledger });
    const idle = running.length + (await this.#start(plan, keys)) === 0;
    // While Jobs run there is news only when one of them has ended or waits for too long, or something else may run.
    if (idle || anew || news || running.length < jobs.length) await this.#publish(around, { access, listedAt });
    return idle ? this.#rest(plan, around) : { requeueAfter: whileBusy };
  }

  /** Takes over what is known of images under the keys of another version, or of a time when nodes could not be listed. */
  async #adopt({ images, users, platforms }: ImageScope): Promise<void> {
    const inside = [...users].flatMap(([image, places]) => [...places.keys()].map((namespace) => keyInNamespace(image, namespace)));
    await this.#write(withAdoptedEntries(this.#stored.ledger, [...images.keys(), ...inside], platforms));
  }

  /** Nothing is left to do for now. */
  async #rest(plan: ImagePlan, { policies }: ImageScope): Promise<ReconcileResult> {
    await this.#sweep(plan);
    this.#looks.forget();
    const pauses = [plan.next ?? Number.POSITIVE_INFINITY, this.#deps.images.imageInterval * 1000, this.#expected.pause(policies)];
    return { requeueAfter: Math.min(...pauses) };
  }

  /** Where images may be looked into besides Vigil's namespace. */
  async #access({ images, users }: ImageScope): Promise<ImageAccess> {
    const optedIn = await this.#namespaces.optedIn(optInCandidates(this.#stored.ledger, images, users), this.#now);
    return { home: this.#deps.namespace, users, optedIn };
  }

  /** Takes in the Jobs that have ended, each into the ledger before it is deleted. Returns those that run. */
  async #takeInEnded(jobs: readonly ImageJob[]): Promise<ImageJob[]> {
    const { client, namespace: home, images } = this.#deps;
    const means = currentInputs(images);
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
      if (!ended && !isOutdated(found, means)) {
        running.push({ ...found, node });
        continue;
      }
      await this.#remove(found);
      for (const digest of ended ? found.images : []) this.#tell(digest, ledger[digest]);
    }
    return running;
  }

  /** Removes a Job of an older version of Vigil, which says in no annotation what it was made with: its work is done again. */
  async #replace(found: ImageJob): Promise<void> {
    this.#context.log.info({ job: found.job.metadata.name }, 'a Job of an older version of Vigil is replaced');
    await this.#remove(found);
  }

  /** Removes a Job; one in a namespace that has opted out meanwhile goes by itself. */
  async #remove({ job: { metadata } }: ImageJob): Promise<void> {
    const { name, uid, namespace = this.#deps.namespace } = metadata;
    try {
      await this.#jobs.remove({ namespace, name, uid });
    } catch (error) {
      if (namespace === this.#deps.namespace || !isForbidden(error)) throw error;
    }
  }

  #tell(digest: string, entry: ImageEntry | undefined): void {
    const { failure } = entry ?? {};
    if (failure?.at === this.#now)
      this.#context.log.warn({ digest, step: failure.step, reason: failure.reason }, 'an image could not be scanned');
    else this.#context.log.info({ digest, database: entry?.findings?.database }, 'an image was scanned');
  }

  /** Makes the Jobs of a plan. Returns how many. */
  async #start(plan: ImagePlan, { places }: ImageKeys): Promise<number> {
    if (plan.inventories.length + plan.match.length === 0) return 0;
    const { worker, namespace, images: settings } = this.#deps;
    const { image, imagePullPolicy, imagePullSecrets, placement } = await worker();
    const pods = { namespace, image, imagePullPolicy, imagePullSecrets, placement };
    let made = 0;
    for (const job of workJobs(plan, { ledger: this.#stored.ledger, places }, { pods, settings })) if (await this.#create(job)) made++;
    return made;
  }

  /** Makes a Job. Returns whether it is there now, or the one before it is being deleted; what the server refuses is a failure of the images that it is about. */
  async #create(job: KubeObject): Promise<boolean> {
    this.#namespaces.noteJob(job);
    try {
      const made = await this.#jobs.make(job);
      if (made.kind === 'taken') return await this.#refused(job, made.message);
      if (made.kind === 'made') this.#context.log.info({ job: job.metadata.name }, 'a Job for images was made');
      return true;
    } catch (error) {
      if (!(isForbidden(error) || isInvalid(error) || isNotFound(error))) throw error;
      return this.#refused(job, error instanceof Error ? error.message : String(error));
    }
  }

  async #refused(job: KubeObject, reason: string): Promise<false> {
    await this.#write(withRefusal(this.#stored.ledger, job, { reason, at: this.#now }));
    this.#context.log.warn({ job: job.metadata.name, reason }, 'a Job for images was refused');
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
    const { written, withdrawn, imageData: said } = published;
    this.#tellProblems(said);
    if (written + withdrawn > 0) this.#context.log.info({ written, withdrawn }, 'reports about images are up to date');
    if (published.lost.length > 0) await this.#write(withoutFindings(this.#stored.ledger, published.lost));
    await updateImagesStatuses(this.#deps, { policies, ledger: this.#stored.ledger, access, published, listedAt, now: this.#now });
  }

  /** Says of documents that are not used why: in the log once, at their ConfigMaps for as long as it is so. */
  #tellProblems({ data: { problems }, anew }: ImagesPublished['imageData']): void {
    for (const { configMap, message } of problems) {
      const { namespace = '', name } = configMap.metadata;
      if (anew)
        this.#context.log.warn({ configMap: `${namespace}/${name}`, reason: message }, 'a document about vulnerabilities is not used');
      this.#deps.events.record(RESOURCES.configMaps, configMap, { type: 'Warning', reason: 'DocumentNotUsed', message });
    }
  }

  /** Forgets images that nothing runs, and removes what the ledger does not name. */
  async #sweep({ forget }: ImagePlan): Promise<void> {
    await this.#write(withoutImages(this.#stored.ledger, forget));
    await this.#store.remove(unreferencedConfigMaps(this.#stored.ledger, (await this.#store.configMaps()).values(), this.#now));
  }

  async #write(ledger: ImageLedger): Promise<void> {
    if (JSON.stringify(ledger) === JSON.stringify(this.#stored.ledger)) return;
    this.#stored = await this.#store.writeLedger({ ...this.#stored, ledger });
  }
}
