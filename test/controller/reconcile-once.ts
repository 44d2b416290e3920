import type { Controller } from '../../operator/controller/controller.ts';

/** The outcome of one reconcile of a key. */
export interface ReconcileOutcome {
  /** Milliseconds until the key is reconciled again; undefined if it is not requeued. */
  readonly requeueAfter: number | undefined;
  /** Whether the reconcile threw, so that the key is retried. */
  readonly failed: boolean;
}

/** Runs a controller one reconcile at a time: what it requeues is returned and not done. */
export class ControllerRunner {
  readonly #controller: Controller;
  #outcome: { requeueAfter: number | undefined; failed: boolean } = { requeueAfter: undefined, failed: false };
  #ended = Promise.withResolvers<undefined>();

  constructor(controller: Controller) {
    this.#controller = controller;
    const { queue } = controller;
    const done = queue.done.bind(queue);
    queue.addAfter = (_key, milliseconds): void => void (this.#outcome.requeueAfter = milliseconds);
    queue.addAfterFailure = (): number => {
      this.#outcome.failed = true;
      return 1;
    };
    queue.done = (finished): void => {
      done(finished);
      this.#ended.resolve(undefined);
    };
    controller.start();
  }

  /** Reconciles a key, and waits until the reconcile has ended. */
  async reconcile(key: string): Promise<ReconcileOutcome> {
    this.#outcome = { requeueAfter: undefined, failed: false };
    this.#ended = Promise.withResolvers<undefined>();
    this.#controller.queue.add(key);
    await this.#ended.promise;
    return this.#outcome;
  }

  stop(): Promise<void> {
    return this.#controller.stop();
  }
}

/** Starts a controller, waits for one reconcile of the key, and stops the controller. */
export async function reconcileOnce(controller: Controller, key: string): Promise<ReconcileOutcome> {
  const runner = new ControllerRunner(controller);
  const outcome = await runner.reconcile(key);
  await runner.stop();
  return outcome;
}
