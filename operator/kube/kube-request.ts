import type { Dispatcher } from 'undici';
import { RESPONSE_TOO_LONG, KubeApiError } from './kube-api-error.ts';

/** One call to the API server. */
export interface KubeRequest {
  readonly method?: Dispatcher.HttpMethod;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call is given up; default the client's. For a stream: until its head is there, and between two pieces of it; 0: the client's until its head, then for ever. */
  readonly timeout?: number;
  /** How often a retryable failure is tried again; default the client's. */
  readonly retries?: number;
  /** Bytes of an answer past which it is not read on; default 64 MiB. */
  readonly maximumBytes?: number;
  /** Told of each failure after which the call is tried again. */
  readonly onRetry?: (error: unknown) => void;
}

/** `?a=b&c=d`, or nothing. */
export function queryString(query: KubeRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`]));
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

/** Method and path of a call, for logs. */
export const callName = ({ method = 'GET', path }: KubeRequest): string => `${method} ${path}`;

type RequestOptions = Pick<Dispatcher.RequestOptions, 'headers' | 'body' | 'signal' | 'headersTimeout' | 'bodyTimeout'>;

/** Milliseconds that a stream is waited for: until its head is there, and between its pieces; 0: for ever. */
export interface StreamTimeouts {
  readonly head: number;
  readonly pieces: number;
}

/** What undici is told of a call. Only a stream has limits here: any other call ends by its {@link Deadline}. */
export function requestOptions(
  call: KubeRequest,
  headers: Readonly<Record<string, string>>,
  { signal, stream }: { readonly signal: AbortSignal | undefined; readonly stream: StreamTimeouts | undefined },
): RequestOptions {
  const accept = call.accept ?? 'application/json';
  return {
    ...(call.body === undefined
      ? { headers: { ...headers, accept } }
      : { headers: { ...headers, accept, 'content-type': call.contentType ?? 'application/json' }, body: JSON.stringify(call.body) }),
    ...(signal === undefined ? {} : { signal }),
    ...(stream ? { headersTimeout: stream.head, bodyTimeout: stream.pieces } : {}),
  };
}

/**
 * The end of a call that is not answered. Unlike `AbortSignal.timeout` and `AbortSignal.any` it leaves nothing behind once the call
 * is over: where hundreds are made in a second, their timers of a minute were most of what the operator held.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  /** `timeout` in milliseconds, 0: none; `outer` ends the call too. */
  constructor(timeout: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted) this.#follow();
    outer?.addEventListener('abort', this.#follow, { once: true });
    if (timeout > 0) this.#timer = setTimeout(() => this.#expire(timeout), timeout);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The call is over. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => this.#controller.abort(this.#outer?.reason);

  #expire(timeout: number): void {
    this.#controller.abort(new DOMException(`not answered within ${timeout / 1000} s`, 'TimeoutError'));
  }
}

/** The text of an answer. Throws a {@link KubeApiError} without status when it breaks off, or is longer than the call allows. */
export async function readText(call: KubeRequest, body: Dispatcher.ResponseData['body']): Promise<string> {
  const { maximumBytes = 64 * 1024 * 1024 } = call;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maximumBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new KubeApiError(`the answer broke off: ${messageOf(error)}`, { status: 0, call: callName(call), cause: error });
  }
  if (size > maximumBytes) {
    const message = `the answer is longer than ${maximumBytes} bytes`;
    throw new KubeApiError(message, { status: 0, call: callName(call), reason: RESPONSE_TOO_LONG });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The error that an answer which is no success stands for. */
export function responseError(
  call: KubeRequest,
  { statusCode: status, headers }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
  text: string,
): KubeApiError {
  const body = parseStatus(text);
  const said = typeof body?.message === 'string' ? body.message : text.slice(0, 500).trim();
  const retryAfter = Number(headers['retry-after']);
  return new KubeApiError(said === '' ? `the server answered with status ${status}` : said, {
    status,
    call: callName(call),
    reason: body?.reason ?? '',
    body,
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  });
}

function parseStatus(text: string): { message?: string; reason?: string } | undefined {
  try {
    return JSON.parse(text) as { message?: string; reason?: string };
  } catch {
    return undefined;
  }
}

/** What an error says, for conditions, Events and reports. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
