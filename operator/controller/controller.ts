import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { WatchedResource } from './watched-resource.ts';
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

/** A failure that another try cannot mend: it is logged and shown in a condition, and waits for a change. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** What a reconcile leaves to do. */
export interface ReconcileResult {
  /** Milliseconds until the key should be looked at again, whatever happens. */
  readonly requeueAfter?: number;
}

/** What a reconcile is given beside its key. */
export interface ReconcileContext {
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Brings the cluster to what the object of one key says; level-based and idempotent. */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;

/** How a controller works. */
export interface ControllerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly log: Logger;
  /** What it watches. Default: nothing; then keys come from elsewhere. */
  readonly watches?: readonly WatchedResource[];
  /** Keys worked on at the same time; a key never twice. Default 1. */
  readonly workers?: number;
  /** How its retries are paced. */
  readonly queue?: WorkQueueOptions;
  /** Told after each reconcile. What it throws is logged, and stops nothing. */
  readonly observe?:
    | ((outcome: {
        readonly controller: string;
        readonly result: 'success' | 'requeue' | 'error' | 'terminal';
        readonly seconds: number;
        /** Seconds that the key was ready before it was taken. */
        readonly waited: number;
      }) => void)
    | undefined;
}

/** What every controller gets from whoever starts it. */
export type ControllerBasics = Pick<ControllerOptions, 'log' | 'observe'>;

/** Takes keys from a queue and reconciles them until it is stopped. An error means a paced retry, never the end of the process. */
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

  /** Queues the keys that a change of a watched object means. */
  changed(resource: ApiResource, object: KubeObject, type: ChangeType): void {
    for (const watched of this.#options.watches ?? [])
      if (watched.resource === resource) for (const key of watched.keys(object, type)) this.queue.add(key);
  }

  /** Begins to work; a second call does nothing. */
  start(): void {
    if (this.#abort) return;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#workers = Array.from({ length: this.#options.workers ?? 1 }, () => this.#work(signal));
  }

  /** Stops taking keys, tells running reconciles by their signal, and waits for them. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    this.queue.close();
    await Promise.all(this.#workers);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.queue.take(); key !== undefined; key = await this.queue.take()) {
      await this.#reconcile(key, signal);
      this.queue.done(key);
      // Many that wait for nothing would keep everything else waiting, the renewal of the lease included.
      await setImmediate();
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const log = this.#options.log.child({ controller: this.name, key, reconcileID: randomUUID() });
    const started = performance.now();
    const waited = this.queue.waited(key) / 1000;
    let result: 'success' | 'requeue' | 'error' | 'terminal' = 'success';
    try {
      const { requeueAfter } = await this.#options.reconcile(key, { signal, log });
      this.queue.forget(key);
      if (requeueAfter !== undefined) {
        result = 'requeue';
        this.queue.addAfter(key, requeueAfter);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof TerminalError) {
        result = 'terminal';
        log.error({ err: error }, 'reconcile failed; it waits for a change');
      } else {
        result = 'error';
        log.error({ err: error, retryInMilliseconds: this.queue.addAfterFailure(key) }, 'reconcile failed');
      }
    }
    try {
      this.#options.observe?.({ controller: this.name, result, seconds: (performance.now() - started) / 1000, waited });
    } catch (error) {
      log.error({ err: error }, 'could not count a reconcile');
    }
  }
}
