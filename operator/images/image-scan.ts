import { RESOURCES } from '../api/api-resource.ts';
import { specChanges } from '../controller/object-changes.ts';
import { watches, type WatchedResource } from '../controller/watched-resource.ts';
import { Controller, type ControllerBasics, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts';
import { ImageDataReader } from './statements/image-data.ts';
import { ImageStore } from './ledger/image-store.ts';
import { PodImageWatch } from './targets/pod-image-watch.ts';
import { Ages } from '../jobs/ages.ts';
import { LogReader } from '../jobs/job-log.ts';
import { ExpectedPods } from './targets/expected-pods.ts';
import { ImageSync, longestSyncPause, type ImageSyncDependencies } from './image-sync.ts';
import { ImageNamespaces } from './jobs/image-namespaces.ts';
import { ImagePass, type ImagePassDependencies, type ImagePassState } from './image-pass.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The only key of the controller: what runs in the cluster is looked at as a whole. */
const IMAGES_KEY = 'cluster';
/** Milliseconds that a pod is given to start. */
const starting = 2000;
/** Milliseconds by which a timer may be early. */
const early = 10;
/** Between looks that pods call for, so many times what the last one took: where pods come all the time, looks are a thirtieth of it. */
const restFactor = 30;

/** What {@link ImageScan} uses. */
export interface ImageScanDependencies extends ImagePassDependencies, ImageSyncDependencies, ControllerBasics {
  readonly log: Logger;
  readonly images: ImagePassDependencies['images'];
  readonly client: ImagePassDependencies['client'];
  readonly systemNamespaces: readonly string[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds without a word after which a watch is taken to be dead. */
  readonly watchSilence: number;
}

/** Policies, but not for their status: a look at all that runs is too much for each of these. */
function imagesWatches(): readonly WatchedResource[] {
  const isAnotherSpec = specChanges();
  return [watches(RESOURCES.policies, (policy, type) => (isAnotherSpec(policy, type) ? [IMAGES_KEY] : []))];
}

/**
 * Looks into the images that run in the scope of policies with `spec.images`: an inventory an image, once; matched with each new
 * database; told in the reports of the workloads that run it. Level-based: what is kept and what runs say all.
 */
export class ImageScan {
  readonly controller: Controller;
  readonly #deps: ImageScanDependencies;
  readonly #kept: ImagePassState;
  readonly #podWatch: PodImageWatch;
  #began: number | undefined;
  /** Until when no pod calls for a look, by performance.now(). */
  #restUntil = 0;
  /** When a look is due that a pod called for, by performance.now(). */
  #due: number | undefined;

  constructor(deps: ImageScanDependencies) {
    const { client, namespace, images, log, observe, clock, watchSilence: silence } = deps;
    const lasts = Math.min(longestSyncPause, images.imageInterval * 1000);
    this.#deps = deps;
    this.#kept = {
      store: new ImageStore(client, namespace, log),
      reader: new ImageDataReader(client, namespace),
      sync: new ImageSync(deps),
      namespaces: new ImageNamespaces(client, { home: namespace, lasts }),
      expected: new ExpectedPods(),
      ages: new Ages(),
      logs: new LogReader(client),
    };
    this.controller = new Controller({
      name: 'images',
      log,
      observe,
      watches: imagesWatches(),
      reconcile: (_key, context) => this.#look(context),
    });
    this.controller.queue.add(IMAGES_KEY);
    const onChange = (): void => this.#podCame();
    const onError = (error: unknown): void => log.warn({ err: error }, 'new pods cannot be followed now; it is tried again');
    this.#podWatch = new PodImageWatch(client, { onChange, onError }, { silence, clock });
  }

  /** In milliseconds since the epoch, when the look began that goes on now: it dates what it writes by that. */
  get startedAt(): number | undefined {
    return this.#began;
  }

  /** Ends what it follows. */
  stop(): Promise<void> {
    return this.#podWatch.stop();
  }

  /** What runs is looked at again once the pod may have started, with rests where a look takes long. */
  #podCame(): void {
    const now = performance.now();
    this.#due ??= Math.max(now + starting, this.#restUntil);
    this.controller.queue.addAfter(IMAGES_KEY, this.#due - now);
  }

  /** Follows pods where a policy asks about images. */
  async #follow(): Promise<void> {
    if (this.#deps.policies.list().some(({ spec }) => spec.images)) this.#podWatch.start();
    else await this.#podWatch.stop();
  }

  async #look(context: ReconcileContext): Promise<ReconcileResult> {
    await this.#follow();
    if (this.#due !== undefined && performance.now() + early >= this.#due) {
      this.#due = undefined;
      this.#kept.sync.forget();
    }
    const now = this.#deps.clock();
    const started = performance.now();
    this.#began = now;
    try {
      return await new ImagePass(this.#deps, this.#kept, { ...context, now }).run();
    } finally {
      this.#began = undefined;
      const ended = performance.now();
      this.#restUntil = Math.max(this.#restUntil, ended + (ended - started) * restFactor);
    }
  }
}
