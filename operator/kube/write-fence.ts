import { DecoratorHandler, type Dispatcher } from 'undici';

/** Says whether this process may write now. */
export interface WriteFence {
  /** Why it may not; undefined while it may. Asked immediately before each write is sent. */
  closed(): string | undefined;
}

/** A write that was not sent: this process is not the one that writes (any more). */
export class FencedError extends Error {
  override readonly name = 'FencedError';

  constructor(method: string, path: string, why: string) {
    super(`${method} ${path}: not sent: ${why}`);
  }
}

/** Asks the fence once a connection is there for the call: its first byte follows at once. */
class FencedHandler extends DecoratorHandler {
  readonly #why: () => FencedError | undefined;
  readonly #handler: Dispatcher.DispatchHandler;

  constructor(handler: Dispatcher.DispatchHandler, why: () => FencedError | undefined) {
    super(handler);
    this.#handler = handler;
    this.#why = why;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
    const error = this.#why();
    if (error) controller.abort(error);
  }
}

/**
 * A dispatcher that sends nothing but reads while the fence is closed. The fence is asked when the call has its connection: a call
 * waits before that, for a connection to be made or for the check of an idle one, and a process that is frozen in this wait would
 * write long after it was allowed to. Such calls fail with a {@link FencedError}.
 */
export function fenced(dispatcher: Dispatcher, fence: WriteFence): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    if (options.method === 'GET') return dispatch(options, handler);
    const why = (): FencedError | undefined => {
      const closed = fence.closed();
      return closed === undefined ? undefined : new FencedError(options.method, options.path, closed);
    };
    return dispatch(options, new FencedHandler(handler, why));
  });
}
