import { DecoratorHandler, type Dispatcher } from 'undici';

/** Decides whether this process may write now. */
export interface WriteFence {
  /** Returns why writes are blocked, or undefined if they are allowed. Called immediately before each write is sent. */
  closed(): string | undefined;
}

/** A write that was not sent, because this process is not the leader. */
export class FencedError extends Error {
  override readonly name = 'FencedError';

  constructor(method: string, path: string, why: string) {
    super(`${method} ${path}: not sent: ${why}`);
  }
}

/** Checks the fence when the call has its connection, immediately before its first byte is sent. */
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
 * Returns a dispatcher that sends only GET requests while the fence is closed. Other calls fail with a {@link FencedError}. The fence is checked
 * when the call has its connection, not before: a process that is frozen while it waits for the connection would otherwise write long
 * after it lost the lease.
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
