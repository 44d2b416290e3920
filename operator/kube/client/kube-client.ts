import { setTimeout as sleep } from 'node:timers/promises';
import { request, type Dispatcher } from 'undici';
import type { KubeObject } from '../../api/metadata.ts';
import { apiVersionOf, type ApiResource } from '../../api/api-resource.ts';
import { FIELD_MANAGERS, type FieldManager } from '../../api/field-managers.ts';
import { contains } from './contains.ts';
import { handOver } from './legacy-fields.ts';
import { resourcePath } from './resource-path.ts';
import type { Credentials, PoolName } from './credentials.ts';
import { isConflict, isNotFound, isRetryable, isUnauthorized, KubeApiError, mayHaveSucceeded } from './kube-api-error.ts';
import {
  Deadline,
  responseError,
  contentTypeOf,
  messageOf,
  callName,
  queryString,
  readBytes,
  requestOptions,
  type KubeRequest,
} from './kube-request.ts';
import { ProtobufError } from '../protobuf/message-reader.ts';
import { parseBody } from '../protobuf/response-body.ts';
import type { RateLimit } from './rate-limit.ts';
import { fenced, FencedError, type WriteFence } from './write-fence.ts';

export type { KubeRequest } from './kube-request.ts';

/** The name and namespace of an object. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** The field manager of a write. */
export interface WriteOptions {
  /** Default: `FIELD_MANAGERS.operator`. */
  readonly manager?: FieldManager;
}

/** The field manager of an apply, and the subresource. */
export interface ApplyOptions {
  readonly manager: FieldManager;
  readonly sub?: 'status';
}

/** Called after each request, for metrics. `status` 0: no response. */
export interface CallObserver {
  (call: { readonly method: string; readonly status: number; readonly seconds: number }): void;
}

/** The settings of a {@link KubeClient}. */
export interface KubeClientOptions {
  readonly observe?: CallObserver;
  /** The timeout of calls that do not set one, in milliseconds. Default 60,000. */
  readonly timeout?: number;
  /** The number of retries after a retryable failure. Default 3. */
  readonly retries?: number;
  /** Limits the rate of all calls except streams. */
  readonly rateLimit?: RateLimit;
  /** Blocks writes while it is closed. */
  readonly fence?: WriteFence;
  /** The connection pool of the calls. Default `shared`. */
  readonly pool?: PoolName;
}

/** A client of the Kubernetes API: JSON requests and responses, typed errors ({@link KubeApiError}), timeouts and retries. */
export class KubeClient {
  readonly credentials: Credentials;
  readonly #options: KubeClientOptions;
  #behind: { readonly pool: Dispatcher; readonly fenced: Dispatcher } | undefined;

  constructor(credentials: Credentials, options: KubeClientOptions = {}) {
    this.credentials = credentials;
    this.#options = options;
  }

  /** Returns the parsed response body. Retries errors that are {@link isRetryable}, after the server's Retry-After. Throws {@link KubeApiError}. */
  call<T>(call: KubeRequest): Promise<T> {
    return this.#withRetries(call, async () => {
      await this.#options.rateLimit?.take(call.signal);
      using deadline = new Deadline(this.#timeoutOf(call), call.signal);
      const response = await this.#send(call, { signal: deadline.signal, stream: undefined });
      const bytes = await readBytes(call, response.body);
      if (response.statusCode >= 300) throw responseError(call, response, bytes);
      const contentType = contentTypeOf(response.headers);
      try {
        return parseBody(contentType, bytes, call) as T;
      } catch (error) {
        const format = error instanceof ProtobufError ? 'valid protobuf' : 'JSON';
        throw new KubeApiError(`the response is not ${format}`, { status: 0, call: callName(call), cause: error });
      }
    });
  }

  /** Returns the open response body, for watches and logs. Retries only until the body begins. The caller reads the body to its end or destroys it. */
  stream(call: KubeRequest): Promise<Dispatcher.ResponseData['body']> {
    return this.#withRetries(call, async () => {
      const pieces = this.#timeoutOf(call);
      const head = pieces === 0 ? this.#timeoutOf({ path: call.path }) : pieces;
      const response = await this.#send(call, { signal: call.signal, stream: { head, pieces } });
      if (response.statusCode >= 300) throw responseError(call, response, await readBytes(call, response.body));
      return response.body;
    });
  }

  /** Retries retryable errors up to the limit. After a 401 it reads the credentials again, once. */
  async #withRetries<T>(call: KubeRequest, once: () => Promise<T>): Promise<T> {
    const retries = call.retries ?? this.#options.retries ?? 3;
    let refusals = 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await once();
      } catch (error) {
        if (isUnauthorized(error)) refusals++;
        if (attempt >= retries || !shouldRetry(call, error, refusals)) throw error;
        call.onRetry?.(error);
        await sleep(pauseAfter(error, attempt), undefined, { signal: call.signal });
      }
    }
  }

  #timeoutOf({ timeout }: KubeRequest): number {
    return timeout ?? this.#options.timeout ?? 60_000;
  }

  async #send(call: KubeRequest, limits: Parameters<typeof requestOptions>[2]): Promise<Dispatcher.ResponseData> {
    const access = await this.credentials.current();
    const { server, headers } = access;
    const started = performance.now();
    const method = call.method ?? 'GET';
    const observe = (status: number): void => this.#options.observe?.({ method, status, seconds: (performance.now() - started) / 1000 });
    const options = requestOptions(call, headers, limits);
    const dispatcher = this.#fenced(access.pool(this.#options.pool ?? 'shared'));
    try {
      const response = await request(`${server}${call.path}${queryString(call.query)}`, { ...options, method, dispatcher });
      observe(response.statusCode);
      if (response.statusCode === 401) this.credentials.expire(access);
      return response;
    } catch (error) {
      if (call.signal?.aborted || error instanceof FencedError) throw error;
      observe(0);
      throw new KubeApiError(`no response from ${server}: ${messageOf(error)}`, { status: 0, call: callName(call), cause: error });
    }
  }

  /** The connection pool with the write fence in front of it. */
  #fenced(dispatcher: Dispatcher): Dispatcher {
    const { fence } = this.#options;
    if (!fence) return dispatcher;
    if (this.#behind?.pool !== dispatcher) this.#behind = { pool: dispatcher, fenced: fenced(dispatcher, fence) };
    return this.#behind.fenced;
  }

  /** Reads one object. Throws a 404 if it does not exist. */
  get<T extends KubeObject>(resource: ApiResource, key: ObjectKey): Promise<T> {
    return this.call<T>({ path: resourcePath(resource, key) });
  }

  /**
   * Creates an object. Throws a 409 if the name exists. If an earlier attempt had no response and the existing object contains all fields of
   * this one, that attempt succeeded, and the existing object is returned.
   */
  async create<T extends KubeObject>(
    resource: ApiResource,
    object: KubeObject,
    { dryRun, manager }: WriteOptions & { readonly dryRun?: string } = {},
  ): Promise<T> {
    const body = typed(resource, object);
    const { namespace, name } = object.metadata;
    const failures: unknown[] = [];
    try {
      return await this.call<T>({
        method: 'POST',
        path: resourcePath(resource, { namespace }),
        query: { fieldManager: manager ?? FIELD_MANAGERS.operator, ...(dryRun === undefined ? {} : { dryRun }) },
        body,
        onRetry: (error) => failures.push(error),
      });
    } catch (error) {
      if (!isConflict(error) || !failures.some(mayHaveSucceeded)) throw error;
      const found = await this.get<T>(resource, { namespace, name });
      if (!contains(found, body)) throw error;
      return found;
    }
  }

  /**
   * Server-side apply as a field manager. Creates the object if it does not exist. `sub: 'status'` writes only the status. Moves fields that
   * an older version of Vigil applied to their current managers ({@link handOver}).
   */
  async apply<T extends KubeObject>(resource: ApiResource, object: KubeObject, options: ApplyOptions): Promise<T> {
    let applied = await this.#apply<T>(resource, object, options);
    try {
      for (const { manager, fields } of handOver(applied, { resource: resource.resource, ...options })) {
        const { name, namespace, resourceVersion } = applied.metadata;
        const metadata = { name, ...(namespace === undefined ? {} : { namespace }), resourceVersion };
        applied = await this.#apply<T>(resource, { metadata, ...fields } as KubeObject, { ...options, manager });
      }
    } catch (error) {
      // Another write came first: the next apply moves the fields.
      if (!isConflict(error)) throw error;
    }
    return applied;
  }

  #apply<T extends KubeObject>(resource: ApiResource, object: KubeObject, { sub, manager }: ApplyOptions): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.call<T>({
      method: 'PATCH',
      path: resourcePath(resource, { namespace, name, ...(sub === undefined ? {} : { sub }) }),
      query: { fieldManager: manager, force: true },
      contentType: 'application/apply-patch+yaml',
      body: typed(resource, object),
    });
  }

  /** Replaces an object. Throws a 409 if its resourceVersion is not the current one. */
  replace<T extends KubeObject>(resource: ApiResource, object: KubeObject, { manager }: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.call<T>({
      method: 'PUT',
      path: resourcePath(resource, { namespace, name }),
      query: { fieldManager: manager ?? FIELD_MANAGERS.operator },
      body: typed(resource, object),
    });
  }

  /** Sends a JSON merge patch. */
  patch<T extends KubeObject>(resource: ApiResource, key: ObjectKey, patch: unknown, { manager }: WriteOptions = {}): Promise<T> {
    return this.call<T>({
      method: 'PATCH',
      path: resourcePath(resource, key),
      query: { fieldManager: manager ?? FIELD_MANAGERS.operator },
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  }

  /** Deletes an object with background propagation. `seen` sets the preconditions: throws a 409 if the uid or resourceVersion differs. A 404 is success. */
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
      if (!isNotFound(error)) throw error;
    }
  }
}

function shouldRetry({ signal }: KubeRequest, error: unknown, refusals: number): boolean {
  if (signal?.aborted) return false;
  return isUnauthorized(error) ? refusals === 1 : isRetryable(error);
}

function typed(resource: ApiResource, object: KubeObject): KubeObject {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

/** Milliseconds until the next attempt: the Retry-After of the server, else an exponential back-off with jitter. */
function pauseAfter(error: unknown, attempt: number): number {
  const asked = error instanceof KubeApiError ? error.retryAfterSeconds : undefined;
  return asked === undefined ? Math.min(200 * 4 ** attempt, 5000) * (0.75 + Math.random() / 2) : Math.min(asked, 30) * 1000;
}
