import { RESOURCES } from '../api/api-resource.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
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
import { scannedImages } from '../api/scanned-images.ts';

/** The only key of the controller: one reconcile covers the whole cluster. */
const IMAGES_KEY = 'cluster';
/** Milliseconds between a pod change and the reconcile: the pod needs time to start. */
const startDelay = 2000;
/** Milliseconds by which a timer may fire early. */
const timerTolerance = 10;
/**
 * The pause between reconciles that pods cause, as a multiple of the last reconcile's duration: at most a thirtieth of the time is spent.
 */
const restFactor = 30;

/** The dependencies of {@link ImageScan}. */
export interface ImageScanDependencies extends ImagePassDependencies, ImageSyncDependencies, ControllerBasics {
  readonly log: Logger;
  readonly images: ImagePassDependencies['images'];
  readonly client: KubeClient;
  readonly systemNamespaces: readonly string[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds without a word after which a watch is taken to be dead. */
  readonly watchSilence: number;
}

/** Watches policies for spec changes only. A status change must not list all pods. */
function imagesWatches(): readonly WatchedResource[] {
  const isAnotherSpec = specChanges();
  return [watches(RESOURCES.policies, (policy, type) => (isAnotherSpec(policy, type) ? [IMAGES_KEY] : []))];
}

/**
 * Scans the images that run in the scope of policies with `spec.images`. Takes one inventory of each image, matches it against each new
 * vulnerability database, and writes the findings to the reports of the workloads. Level-based: the state is in the ledger and the cluster.
 */
export class ImageScan {
  readonly controller: Controller;
  readonly #deps: ImageScanDependencies;
  readonly #state: ImagePassState;
  readonly #podWatch: PodImageWatch;
  #startedAt: number | undefined;
  /** No pod causes a reconcile before this time of `performance.now()`. */
  #restUntil = 0;
  /** When a look is due that a pod called for, by performance.now(). */
  #due: number | undefined;

  constructor(deps: ImageScanDependencies) {
    const { client, namespace, images, log, observe, clock, watchSilence: silence } = deps;
    const answerLifetime = Math.min(longestSyncPause, images.imageInterval * 1000);
    this.#deps = deps;
    this.#state = {
      store: new ImageStore(client, namespace, log),
      reader: new ImageDataReader(client, namespace),
      sync: new ImageSync(deps),
      namespaces: new ImageNamespaces(client, { home: namespace, answerLifetime }),
      expected: new ExpectedPods(),
      ages: new Ages(),
      logs: new LogReader(client),
    };
    this.controller = new Controller({
      name: 'images',
      log,
      observe,
      watches: imagesWatches(),
      reconcile: (_key, context) => this.#reconcile(context),
    });
    this.controller.queue.add(IMAGES_KEY);
    const onChange = (): void => this.#podChanged();
    const onError = (error: unknown): void => log.warn({ err: error }, 'pod watch failed, retrying');
    this.#podWatch = new PodImageWatch(client, { onChange, onError }, { silence, clock });
  }

  /** The start of the current reconcile in milliseconds since the epoch, which is also the time of its results; undefined between two. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  /** Stops the pod watch. */
  stop(): Promise<void> {
    return this.#podWatch.stop();
  }

  /** Requeues after the pod has had time to start. The delay is longer if a reconcile takes long. */
  #podChanged(): void {
    const now = performance.now();
    this.#due ??= Math.max(now + startDelay, this.#restUntil);
    this.controller.queue.addAfter(IMAGES_KEY, this.#due - now);
  }

  /** Runs the pod watch while a policy has `spec.images`. */
  async #updatePodWatch(): Promise<void> {
    if (this.#deps.policies.list().some(({ spec }) => scannedImages(spec))) this.#podWatch.start();
    else await this.#podWatch.stop();
  }

  async #reconcile(context: ReconcileContext): Promise<ReconcileResult> {
    await this.#updatePodWatch();
    if (this.#due !== undefined && performance.now() + timerTolerance >= this.#due) {
      this.#due = undefined;
      this.#state.sync.forget();
    }
    const now = this.#deps.clock();
    const started = performance.now();
    this.#startedAt = now;
    try {
      return await new ImagePass(this.#deps, this.#state, { ...context, now }).run();
    } finally {
      this.#startedAt = undefined;
      const ended = performance.now();
      this.#restUntil = Math.max(this.#restUntil, ended + (ended - started) * restFactor);
    }
  }
}
