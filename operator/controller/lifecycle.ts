import OperatorModule from '@dot-i/k8s-operator';
import type { Logger } from '../telemetry/logger.ts';

// The package is CommonJS: an ES module finds its class at default.default.
const Operator = OperatorModule.default;

/** Something that is started and stopped with the operator. Both calls are idempotent. */
export interface Runnable {
  readonly name: string;
  start(signal: AbortSignal): Promise<void> | void;
  stop(): Promise<void> | void;
}

/**
 * Starts and stops the runnables of the operator, on the base class of k8s-operator. That class provides start and stop; its watches are
 * not used, since they end after an error and queue whole objects: the runnables have reflectors and work queues instead.
 * Runnables start in order and stop in reverse order. If one fails to start, those before it are stopped, and the start rejects.
 */
export class Lifecycle extends Operator {
  readonly #runnables: readonly Runnable[];
  readonly #log: Logger;
  readonly #abort = new AbortController();
  #started: Runnable[] = [];

  constructor(runnables: readonly Runnable[], log: Logger) {
    // Only the watches of the base class log.
    super();
    this.#runnables = runnables;
    this.#log = log;
  }

  protected override async init(): Promise<void> {
    for (const runnable of this.#runnables) {
      if (this.#abort.signal.aborted) return;
      try {
        await runnable.start(this.#abort.signal);
        this.#started.push(runnable);
        this.#log.debug({ runnable: runnable.name }, 'started');
      } catch (error) {
        await this.shutdown();
        throw error;
      }
    }
  }

  /** Stops all runnables, the last one first, and waits for them. A runnable that fails to stop is logged; the others are still stopped. */
  async shutdown(): Promise<void> {
    this.#abort.abort();
    for (const runnable of this.#started.splice(0).toReversed()) {
      try {
        await runnable.stop();
      } catch (error) {
        this.#log.error({ err: error, runnable: runnable.name }, 'stop failed');
      }
    }
    this.stop();
  }
}
