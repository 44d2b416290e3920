import type { Controller } from '../../operator/controller/controller.ts';

/** The outcome of one reconcile of a key. */
export interface ReconcileOutcome {
  /** Milliseconds until the key is reconciled again; undefined if it is not requeued. */
  readonly requeueAfter: number | undefined;
  /** Whether the reconcile threw, so that the key is retried. */
  readonly failed: boolean;
}

/** Starts a controller, waits for one reconcile of the key, and stops the controller. */
export async function reconcileOnce(controller: Controller, key: string): Promise<ReconcileOutcome> {
  const { queue } = controller;
  const outcome: { requeueAfter: number | undefined; failed: boolean } = { requeueAfter: undefined, failed: false };
  const ended = Promise.withResolvers<undefined>();
  const done = queue.done.bind(queue);
  queue.addAfter = (_key, milliseconds): void => void (outcome.requeueAfter = milliseconds);
  queue.addAfterFailure = (): number => {
    outcome.failed = true;
    return 1;
  };
  queue.done = (finished): void => {
    done(finished);
    ended.resolve(undefined);
  };
  queue.add(key);
  controller.start();
  await ended.promise;
  await controller.stop();
  return outcome;
}
