import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { WatchedResource } from './watched-resource.ts';
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

/** The result of one successful reconcile call. */
export interface ReconcileResult {
  /** Requeues the key after this many milliseconds. Undefined: the next change requeues it. */
  readonly requeueAfter?: number;
}

/** The context of one reconcile call. */
export interface ReconcileContext {
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Reconciles the object of one key: level-based and idempotent. If it throws, the key is requeued with exponential back-off. */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;

/** The settings of a {@link Controller}. */
export interface ControllerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly log: Logger;
  /** The resources that it watches. Default: none; then other code adds keys to the queue. */
  readonly watches?: readonly WatchedResource[];
  /** Reconciles that run at the same time, never two for one key. Default 1. */
  readonly workers?: number;
  /** The back-off of its queue. */
  readonly queue?: WorkQueueOptions;
  /** Called after each reconcile, for metrics. Errors that it throws are logged. */
  readonly observe?:
    | ((outcome: {
        readonly controller: string;
        readonly result: 'success' | 'requeue' | 'error';
        readonly seconds: number;
        /** Seconds that the key waited in the queue. */
        readonly waited: number;
      }) => void)
    | undefined;
}

/** The dependencies that all controllers share. */
export type ControllerBasics = Pick<ControllerOptions, 'log' | 'observe'>;

/** Reconciles the keys of a work queue until it is stopped. A failed key is requeued with exponential back-off. */
export class Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly #options: ControllerOptions;
  #abort: AbortController | undefined;
  #workers: Promise<void>[] = [];

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.queue = new WorkQueue(options.queue);
    this.#options = options;
  }

  /** Queues the keys that belong to a changed object. */
  changed(resource: ApiResource, object: KubeObject, type: ChangeType): void {
    for (const watched of this.#options.watches ?? [])
      if (watched.resource === resource) for (const key of watched.keys(object, type)) this.queue.add(key);
  }

  /** Starts the workers. A second call does nothing. */
  start(): void {
    if (this.#abort) return;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#workers = Array.from({ length: this.#options.workers ?? 1 }, () => this.#work(signal));
  }

  /** Closes the queue, aborts the signal of running reconciles, and waits for them. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    this.queue.close();
    await Promise.all(this.#workers);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.queue.take(); key !== undefined; key = await this.queue.take()) {
      await this.#reconcile(key, signal);
      this.queue.done(key);
      // Yields to the event loop: many reconciles that never wait would delay all else, such as the renewal of the lease.
      await setImmediate();
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const log = this.#options.log.child({ controller: this.name, key, reconcileID: randomUUID() });
    const started = performance.now();
    const waited = this.queue.waited(key) / 1000;
    let result: 'success' | 'requeue' | 'error' = 'success';
    try {
      const { requeueAfter } = await this.#options.reconcile(key, { signal, log });
      this.queue.forget(key);
      if (requeueAfter !== undefined) {
        result = 'requeue';
        this.queue.addAfter(key, requeueAfter);
      }
    } catch (error) {
      if (signal.aborted) return;
      result = 'error';
      log.error({ err: error, retryInMilliseconds: this.queue.addAfterFailure(key) }, 'reconcile failed');
    }
    try {
      this.#options.observe?.({ controller: this.name, result, seconds: (performance.now() - started) / 1000, waited });
    } catch (error) {
      log.error({ err: error }, 'reconcile metrics failed');
    }
  }
}
