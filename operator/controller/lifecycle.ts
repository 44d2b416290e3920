import OperatorModule, { type OperatorLogger } from '@dot-i/k8s-operator';
import type { Logger } from '../telemetry/logger.ts';

// The package is CommonJS: under ES modules its class is the default of the default.
const Operator = OperatorModule.default;

/** Something with a beginning and an end. Both are idempotent. */
export interface Runnable {
  readonly name: string;
  start(signal: AbortSignal): Promise<void> | void;
  stop(): Promise<void> | void;
}

/**
 * The operator's lifecycle, on k8s-operator's base class. Its own watches give up after an error and hold whole objects in
 * a serial queue, so that the parts bring reflectors and work queues of their own; start and stop stay the base's.
 * Parts start in order and stop in reverse; a part that cannot start stops those before it and is told.
 */
export class Lifecycle extends Operator {
  readonly #runnables: readonly Runnable[];
  readonly #log: Logger;
  readonly #abort = new AbortController();
  #started: Runnable[] = [];

  constructor(runnables: readonly Runnable[], log: Logger) {
    super(operatorLogger(log));
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

  /** Stops every part, last first, and waits for them. One that fails to stop is logged and does not keep the others. */
  async shutdown(): Promise<void> {
    this.#abort.abort();
    for (const runnable of this.#started.splice(0).toReversed()) {
      try {
        await runnable.stop();
      } catch (error) {
        this.#log.error({ err: error, runnable: runnable.name }, 'could not stop');
      }
    }
    this.stop();
  }
}

function operatorLogger(log: Logger): OperatorLogger {
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    error: (message) => log.error(message),
  };
}
