import type { Dispatcher } from 'undici';
import { RESPONSE_TOO_LONG, KubeApiError } from './kube-api-error.ts';
import { parseBody, type BodyOptions } from '../protobuf/response-body.ts';

/** One request to the API server. */
export interface KubeRequest {
  readonly method?: Dispatcher.HttpMethod;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  /** Timeout in milliseconds. Default: the client's. For a stream: until the response headers, and between two chunks. 0 for a stream: the client's timeout until the headers, then none. */
  readonly timeout?: number;
  /** The number of retries after a retryable failure. Default: the client's. */
  readonly retries?: number;
  /** The maximum size of the response body in bytes. Default 64 MiB. */
  readonly maximumBytes?: number;
  /** See {@link BodyOptions}. */
  readonly omitManagedFields?: BodyOptions['omitManagedFields'];
  /** Called with each error before a retry. */
  readonly onRetry?: (error: unknown) => void;
}

/** Returns `?a=b&c=d`, or the empty text. */
export function queryString(query: KubeRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`]));
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

/** The method and path of a call, for logs. */
export const callName = ({ method = 'GET', path }: KubeRequest): string => `${method} ${path}`;

type RequestOptions = Pick<Dispatcher.RequestOptions, 'headers' | 'body' | 'signal' | 'headersTimeout' | 'bodyTimeout'>;

/** Timeouts of a stream in milliseconds: until the response headers, and between two chunks. 0: none. */
export interface StreamTimeouts {
  readonly head: number;
  readonly pieces: number;
}

/** Returns the undici options of a call. Only streams have timeouts here: any other call ends by its {@link Deadline}. */
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
 * The timeout of a call. Its timer and listener are removed when the call ends. With `AbortSignal.timeout` and `AbortSignal.any` they stay for
 * the whole timeout: at hundreds of calls a second they took most of the operator's memory.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  /** `timeout` in milliseconds; 0: none. `outer` aborts the call too. */
  constructor(timeout: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted) this.#follow();
    outer?.addEventListener('abort', this.#follow, { once: true });
    if (timeout > 0) this.#timer = setTimeout(() => this.#expire(timeout), timeout);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Removes the timer and the listener. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => this.#controller.abort(this.#outer?.reason);

  #expire(timeout: number): void {
    this.#controller.abort(new DOMException(`no response within ${timeout / 1000} s`, 'TimeoutError'));
  }
}

/** Reads a response body. Throws a {@link KubeApiError} with status 0 if the body breaks off or exceeds `maximumBytes`. */
export async function readBytes(call: KubeRequest, body: Dispatcher.ResponseData['body']): Promise<Buffer> {
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
    throw new KubeApiError(`the response broke off: ${messageOf(error)}`, { status: 0, call: callName(call), cause: error });
  }
  if (size > maximumBytes) {
    const message = `the response is longer than ${maximumBytes} bytes`;
    throw new KubeApiError(message, { status: 0, call: callName(call), reason: RESPONSE_TOO_LONG });
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** Returns the error of a response with a failure status. */
export function responseError(
  call: KubeRequest,
  { statusCode: status, headers }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
  bytes: Buffer,
): KubeApiError {
  const body = parseStatus(contentTypeOf(headers), bytes);
  const sent = typeof body?.message === 'string' ? body.message : bytes.toString('utf8').slice(0, 500).trim();
  const retryAfter = Number(headers['retry-after']);
  return new KubeApiError(sent === '' ? `the server answered with status ${status}` : sent, {
    status,
    call: callName(call),
    reason: body?.reason ?? '',
    body,
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  });
}

/** Returns the content type of a response. Empty: it has none. */
export const contentTypeOf = (headers: Dispatcher.ResponseData['headers']): string => String(headers['content-type'] ?? '');

function parseStatus(contentType: string, bytes: Buffer): { message?: string; reason?: string } | undefined {
  try {
    return parseBody(contentType, bytes) as { message?: string; reason?: string };
  } catch {
    return undefined;
  }
}

/** The message of an error, for conditions, Events and reports. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
