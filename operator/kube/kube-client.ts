import { setTimeout as sleep } from 'node:timers/promises';
import { request, type Dispatcher } from 'undici';
import type { KubeObject } from '../api/metadata.ts';
import { apiVersionOf, type ApiResource } from '../api/api-resource.ts';
import { resourcePath } from './resource-path.ts';
import type { Credentials } from './credentials.ts';
import { isRetryable, isUnauthorized, KubeApiError } from './kube-api-error.ts';

/** Where an object is, or goes. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** One call to the API server. */
export interface KubeRequest {
  readonly method?: Dispatcher.HttpMethod;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call is given up; default 60,000. 0: no limit (watches, logs). */
  readonly timeout?: number;
  /** How often a retryable failure is tried again; default 3. */
  readonly retries?: number;
}

/** What `KubeClient` tells of each call, for metrics. */
export interface CallObserver {
  (call: { readonly method: string; readonly status: number; readonly seconds: number }): void;
}

const maximumBody = 256 * 1024 * 1024;

/** A thin client on one connection pool: JSON in, JSON out, typed errors, and patience with a busy server. */
export class KubeClient {
  readonly credentials: Credentials;
  readonly #observe: CallObserver;

  constructor(credentials: Credentials, observe: CallObserver = () => undefined) {
    this.credentials = credentials;
    this.#observe = observe;
  }

  /** The parsed answer. Throws {@link KubeApiError}; retries what {@link isRetryable} allows, as the server asks. */
  async call<T>(call: KubeRequest): Promise<T> {
    const retries = call.retries ?? 3;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once<T>(call);
      } catch (error) {
        if (isUnauthorized(error)) this.credentials.expire();
        if (attempt >= retries || !isRetryable(error) || call.signal?.aborted) throw error;
        await sleep(pauseAfter(error, attempt), undefined, { signal: call.signal });
      }
    }
  }

  /** The open body of an answer, for watches and logs. The caller reads it to the end or destroys it. */
  async stream(call: KubeRequest): Promise<Dispatcher.ResponseData['body']> {
    const { statusCode, headers, body } = await this.#send(call, 0);
    if (statusCode >= 300) throw this.#failure(call, statusCode, headers, await body.text());
    return body;
  }

  async #once<T>(call: KubeRequest): Promise<T> {
    const timeout = call.timeout ?? 60_000;
    const { statusCode, headers, body } = await this.#send(call, timeout);
    let text: string;
    try {
      text = await readText(body);
    } catch (error) {
      throw new KubeApiError(`${call.method ?? 'GET'} ${call.path}: the answer broke off: ${messageOf(error)}`, {
        status: 0,
        cause: error,
      });
    }
    if (statusCode >= 300) throw this.#failure(call, statusCode, headers, text);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new KubeApiError(`${call.method ?? 'GET'} ${call.path}: the answer is not JSON`, { status: 0, cause: error });
    }
  }

  async #send(call: KubeRequest, timeout: number): Promise<Dispatcher.ResponseData> {
    const { server, headers, dispatcher } = await this.credentials.current();
    const started = performance.now();
    const method = call.method ?? 'GET';
    const observe = (status: number): void => this.#observe({ method, status, seconds: (performance.now() - started) / 1000 });
    try {
      const response = await request(`${server}${call.path}${queryString(call.query)}`, {
        ...requestOptions(call, timeout, headers),
        method,
        dispatcher,
      });
      observe(response.statusCode);
      return response;
    } catch (error) {
      if (call.signal?.aborted) throw error;
      observe(0);
      throw new KubeApiError(`${method} ${call.path}: no answer from ${server}: ${messageOf(error)}`, { status: 0, cause: error });
    }
  }

  #failure(call: KubeRequest, status: number, headers: Record<string, string | string[] | undefined>, text: string): KubeApiError {
    const body = parseStatus(text);
    const said = typeof body?.message === 'string' ? body.message : text.slice(0, 500);
    const retryAfter = Number(headers['retry-after']);
    return new KubeApiError(`${call.method ?? 'GET'} ${call.path}: ${status}: ${said}`, {
      status,
      reason: body?.reason ?? '',
      body,
      retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
    });
  }

  /** Reads one object; throws a 404 when it is not there. */
  get<T extends KubeObject>(resource: ApiResource, key: ObjectKey): Promise<T> {
    return this.call<T>({ path: resourcePath(resource, key) });
  }

  /** Creates an object; throws a 409 when one of that name exists. Never retried blindly: a lost answer may have created it. */
  create<T extends KubeObject>(
    resource: ApiResource,
    object: KubeObject,
    query: { dryRun?: string; fieldManager?: string } = {},
  ): Promise<T> {
    return this.call<T>({
      method: 'POST',
      path: resourcePath(resource, { namespace: object.metadata.namespace }),
      query: { fieldManager: 'vigil', ...query },
      body: typed(resource, object),
    });
  }

  /** Server-side apply as field manager `vigil`; makes the object where it is not. `sub: 'status'` writes the status alone. */
  apply<T extends KubeObject>(resource: ApiResource, object: KubeObject, sub?: 'status'): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.call<T>({
      method: 'PATCH',
      path: resourcePath(resource, { namespace, name, ...(sub === undefined ? {} : { sub }) }),
      query: { fieldManager: 'vigil', force: true },
      contentType: 'application/apply-patch+yaml',
      body: typed(resource, object),
    });
  }

  /** Replaces an object; throws a 409 when its resourceVersion is no longer the current one. */
  replace<T extends KubeObject>(resource: ApiResource, object: KubeObject): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.call<T>({
      method: 'PUT',
      path: resourcePath(resource, { namespace, name }),
      query: { fieldManager: 'vigil' },
      body: typed(resource, object),
    });
  }

  /** A JSON merge patch. */
  patch<T extends KubeObject>(resource: ApiResource, key: ObjectKey, patch: unknown): Promise<T> {
    return this.call<T>({
      method: 'PATCH',
      path: resourcePath(resource, key),
      query: { fieldManager: 'vigil' },
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  }

  /** Deletes an object in the background, given the uid (and resourceVersion) it was seen with; a 404 is success, a 409 means it changed. */
  async delete(
    resource: ApiResource,
    key: ObjectKey,
    seen: { uid?: string | undefined; resourceVersion?: string | undefined } = {},
  ): Promise<void> {
    try {
      await this.call({
        method: 'DELETE',
        path: resourcePath(resource, key),
        body: { propagationPolicy: 'Background', preconditions: seen },
      });
    } catch (error) {
      if (!(error instanceof KubeApiError && error.status === 404)) throw error;
    }
  }
}

function typed(resource: ApiResource, object: KubeObject): KubeObject {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

/** Milliseconds to wait before another try: what the server asked for, else longer each time, with jitter. */
function pauseAfter(error: unknown, attempt: number): number {
  const asked = error instanceof KubeApiError ? error.retryAfterSeconds : undefined;
  return asked === undefined ? Math.min(200 * 4 ** attempt, 5000) * (0.75 + Math.random() / 2) : Math.min(asked, 30) * 1000;
}

function queryString(query: KubeRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`]));
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

type RequestOptions = Pick<Dispatcher.RequestOptions, 'headers' | 'body' | 'signal' | 'bodyTimeout'>;

function requestOptions(call: KubeRequest, timeout: number, headers: Readonly<Record<string, string>>): RequestOptions {
  const signals = [...(call.signal ? [call.signal] : []), ...(timeout > 0 ? [AbortSignal.timeout(timeout)] : [])];
  const accept = call.accept ?? 'application/json';
  return {
    ...(call.body === undefined
      ? { headers: { ...headers, accept } }
      : { headers: { ...headers, accept, 'content-type': call.contentType ?? 'application/json' }, body: JSON.stringify(call.body) }),
    ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
    ...(timeout === 0 ? { bodyTimeout: 0 } : {}),
  };
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maximumBody) throw new Error(`more than ${maximumBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseStatus(text: string): { message?: string; reason?: string } | undefined {
  try {
    return JSON.parse(text) as { message?: string; reason?: string };
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
