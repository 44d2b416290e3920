import { RESOURCES } from '../api/api-resource.ts';
import type { ReconcileContext, ReconcileResult } from '../controller/controller.ts';
import { optInCandidates, imageKeys, type ImageAccess } from './jobs/image-access.ts';
import { withAdoptedEntries } from './image-adoption.ts';
import type { ImageDataReader } from './statements/image-data.ts';
import { keyInNamespace } from './targets/image-key.ts';
import type { ImagePlan } from './image-plan.ts';
import type { ImageStore } from './ledger/image-store.ts';
import {
  unreferencedConfigMaps,
  withoutFindings,
  withoutImages,
  withoutDeletedDocuments,
  withSeenTimes,
  withNotPullableFailures,
} from './ledger-maintenance.ts';
import type { ExpectedPods } from './targets/expected-pods.ts';
import type { ImageSync } from './image-sync.ts';
import type { ImageNamespaces } from './jobs/image-namespaces.ts';
import { publishImages, type ImagesPublished } from './results/image-publish.ts';
import type { ImageScope } from './targets/image-scope.ts';
import { updateImagesStatuses, type ImagesUpdateDependencies } from './images-update.ts';
import { currentInputs, withoutObsoleteFailures, workPlan } from './image-work.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { ImageJobRunsDependencies, ImageJobRunsState } from './image-job-runs.ts';
import { ImageJobRuns } from './image-job-runs.ts';
import { WorkingLedger } from './ledger/working-ledger.ts';
import { scannedImages } from '../api/scanned-images.ts';

/** Milliseconds between two checks of running Jobs. */
const busyInterval = 1000;

/** The dependencies of {@link ImagePass}. */
export interface ImagePassDependencies extends ImagesUpdateDependencies, ImageJobRunsDependencies {
  readonly client: ImageJobRunsDependencies['client'] & ImagesUpdateDependencies['client'];
  readonly events: Pick<EventRecorder, 'record'>;
  readonly publisher: ReportPublisher;
  readonly policies: Lister<SecurityPolicy>;
}

/** The state that is kept from one pass to the next. */
export interface ImagePassState extends ImageJobRunsState {
  readonly reader: ImageDataReader;
  readonly sync: ImageSync;
  readonly expected: ExpectedPods;
}

/** One reconcile of image scanning: collects finished Jobs, creates new ones, and updates the reports and the policies' status. */
export class ImagePass {
  readonly #deps: ImagePassDependencies;
  readonly #ledger: WorkingLedger;
  readonly #jobs: ImageJobRuns;
  readonly #store: ImageStore;
  readonly #sync: ImageSync;
  readonly #reader: ImageDataReader;
  readonly #namespaces: ImageNamespaces;
  readonly #expected: ExpectedPods;
  /** The context of the reconcile. */
  readonly #context: ReconcileContext;
  readonly #now: number;

  constructor(deps: ImagePassDependencies, state: ImagePassState, context: ReconcileContext & { readonly now: number }) {
    this.#deps = deps;
    this.#store = state.store;
    this.#sync = state.sync;
    this.#reader = state.reader;
    this.#namespaces = state.namespaces;
    this.#expected = state.expected;
    this.#context = context;
    this.#now = context.now;
    this.#ledger = new WorkingLedger(state.store);
    this.#jobs = new ImageJobRuns(deps, state, { ledger: this.#ledger, context, now: context.now });
  }

  async run(): Promise<ReconcileResult> {
    const asking = this.#deps.policies
      .list()
      .filter(({ spec, metadata }) => scannedImages(spec) && metadata.deletionTimestamp === undefined);
    await this.#ledger.read();
    const jobs = await this.#namespaces.jobs();
    if (asking.length === 0 && jobs.length === 0 && Object.keys(this.#ledger.current).length === 0) return {};
    const { scope, listedAt, isNew } = await this.#sync.read(this.#now, asking, {
      ledger: this.#ledger.current,
      signal: this.#context.signal,
    });
    await this.#adopt(scope);
    jobs.push(...(await this.#namespaces.jobsIn((await this.#access(scope)).optedIn)));
    const before = this.#ledger.current;
    const running = await this.#jobs.collectEnded(jobs);
    const collected = this.#ledger.current !== before;
    await this.#adopt(scope);
    await this.#ledger.write(withoutDeletedDocuments(this.#ledger.current, await this.#store.configMaps()));
    // The collected Jobs show which images the registry denied, so the access is read again.
    const access = await this.#access(scope);
    const keys = imageKeys(this.#ledger.current, scope.images, access);
    await this.#ledger.write(withNotPullableFailures(withSeenTimes(this.#ledger.current, keys, this.#now), keys, this.#now));
    const work = { keys, running, asking, now: this.#now };
    await this.#ledger.write(withoutObsoleteFailures(this.#deps.images, { ...work, ledger: this.#ledger.current }));
    const plan = workPlan(this.#deps.images, { ...work, ledger: this.#ledger.current });
    const idle = running.length + (await this.#jobs.start(plan, keys)) === 0;
    // While Jobs run, results change only if a Job ended, a Job waits for too long, or the listing is new.
    if (idle || isNew || collected || running.length < jobs.length) await this.#publish(scope, { access, listedAt });
    // The API server may have refused Jobs of the plan, so the time of the next attempt is computed again.
    return idle
      ? this.#finish(workPlan(this.#deps.images, { ...work, ledger: this.#ledger.current }), scope)
      : { requeueAfter: busyInterval };
  }

  /** Copies entries between keys with and without a platform. */
  async #adopt({ images, users, platforms }: ImageScope): Promise<void> {
    const namespaced = [...users].flatMap(([image, places]) => [...places.keys()].map((namespace) => keyInNamespace(image, namespace)));
    await this.#ledger.write(withAdoptedEntries(this.#ledger.current, [...images.keys(), ...namespaced], platforms));
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
    const optedIn = await this.#namespaces.optedIn(optInCandidates(this.#ledger.current, images, users), this.#now);
    return { home: this.#deps.namespace, users, optedIn };
  }

  async #publish(
    { policies }: ImageScope,
    { access, listedAt }: { readonly access: ImageAccess; readonly listedAt: number },
  ): Promise<void> {
    const { client, publisher } = this.#deps;
    const ledger = this.#ledger.current;
    const input = { client, publisher, store: this.#store, reader: this.#reader, ledger, access, policies, now: this.#now };
    const published = await publishImages({ ...input, database: currentInputs(this.#deps.images).database });
    const { written, withdrawn, imageData } = published;
    this.#reportProblems(imageData);
    if (written + withdrawn > 0) this.#context.log.info({ written, withdrawn }, 'image reports updated');
    if (published.lost.length > 0) await this.#ledger.write(withoutFindings(this.#ledger.current, published.lost));
    await updateImagesStatuses(this.#deps, { policies, ledger: this.#ledger.current, access, published, listedAt, now: this.#now });
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
    await this.#ledger.write(withoutImages(this.#ledger.current, forget));
    await this.#store.remove(unreferencedConfigMaps(this.#ledger.current, (await this.#store.configMaps()).values(), this.#now));
  }
}
