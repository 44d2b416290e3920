import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../api/metadata.ts';
import type { ApiResource } from '../api/api-resource.ts';
import { resourcePath } from './resource-path.ts';
import { isExpired, isRetryable, KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { lines } from './lines.ts';
import { listPages } from './list.ts';

/** What a reflector watches. */
export interface ReflectorOptions<T> {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  /** What is kept of an object, and handed on. Default: all but `metadata.managedFields`. */
  readonly keep?: (object: T) => T;
  /** Milliseconds of silence after which a watch is dead: bookmarks come about once a minute. Default 150,000. */
  readonly silence?: number;
  /** Called after the store changed; `object` is the last known one. What it throws goes to `onError` and stops nothing. */
  readonly onChange: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T) => void;
  /** Called when a list or watch fails; it is tried again with growing pauses. */
  readonly onError?: (error: unknown) => void;
}

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number; readonly message?: string };
}

const watchSeconds = 300;
/** A watch that ends sooner than this, in milliseconds, is no success: the next one waits a little longer. */
const shortWatch = 5000;

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/**
 * A local copy of one resource, kept by list and watch: resumes by resourceVersion, uses bookmarks, lists again when the
 * server has forgotten (410), and tells deletions that it missed by comparing with the list.
 */
export class Reflector<T extends KubeObject> {
  /** What it watches. */
  readonly resource: ApiResource;
  readonly #client: KubeClient;
  readonly #options: ReflectorOptions<T>;
  readonly #store = new Map<string, T>();
  readonly #firstList = Promise.withResolvers<undefined>();
  /** Where the next watch begins; undefined: a list is needed. */
  #version: string | undefined;
  #synced = false;
  #abort: AbortController | undefined;
  #running: Promise<void> | undefined;

  constructor(client: KubeClient, resource: ApiResource, options: ReflectorOptions<T>) {
    this.#client = client;
    this.resource = resource;
    this.#options = options;
  }

  /** True once the first complete list is in. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Resolves once the first complete list is in, or the signal is given. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    const aborted = new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
      if (signal.aborted) resolve(undefined);
    });
    await Promise.race([this.#firstList.promise, aborted]);
  }

  /** The object as last seen. */
  get(name: string, namespace = ''): T | undefined {
    return this.#store.get(`${namespace}/${name}`);
  }

  /** All objects as last seen. */
  list(): T[] {
    return [...this.#store.values()];
  }

  /** Begins to list and watch; a second call does nothing. */
  start(): void {
    if (this.#abort) return;
    this.#abort = new AbortController();
    this.#running = this.#run(this.#abort.signal);
  }

  /** Ends the watch and waits for it. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    await this.#running;
    this.#abort = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const began = performance.now();
      const failure = await this.#listAndWatch(signal);
      if (isAborted(signal)) return;
      failures = performance.now() - began >= shortWatch ? 0 : failures + 1;
      // The first watch that ends early is followed at once: a server that restarts ends all of them.
      if (failure === undefined && failures <= 1) continue;
      if (failure !== undefined) this.#options.onError?.(failure);
      await sleep(pause(failures, failure), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Lists where that is needed, and follows a watch to its end. Returns what went wrong. */
  async #listAndWatch(signal: AbortSignal): Promise<Error | undefined> {
    try {
      if (this.#version === undefined) await this.#relist(signal);
      await this.#watch(signal);
      return undefined;
    } catch (error) {
      // Whatever cannot be mended by another try of the same may be by a new list.
      if (!isRetryable(error)) this.#version = undefined;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const fresh = new Map<string, T>();
    let version: string | undefined;
    const { namespace, labelSelector } = this.#options;
    const options = { namespace, signal, ...(labelSelector === undefined ? {} : { labelSelector }) };
    for await (const page of listPages<T>(this.#client, this.resource, options)) {
      for (const item of page.items) fresh.set(keyOf(item), this.#kept(item));
      // Pages after an expired token are newer than the first: what changed between them must come with the watch.
      version ??= page.resourceVersion;
    }
    this.#replace(fresh);
    this.#version = version;
    this.#synced = true;
    this.#firstList.resolve(undefined);
  }

  /** Makes the store what a list said, and tells each difference. */
  #replace(fresh: ReadonlyMap<string, T>): void {
    for (const [key, object] of [...this.#store]) if (!fresh.has(key)) this.#change('DELETED', object);
    for (const [key, object] of fresh) {
      const known = this.#store.get(key);
      if (known?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#change(known ? 'MODIFIED' : 'ADDED', object);
    }
  }

  /** Follows one watch to its end, and keeps the version to go on from. */
  async #watch(outer: AbortSignal): Promise<void> {
    const { namespace, labelSelector, silence = 150_000 } = this.#options;
    const silent = new AbortController();
    const timer = setTimeout(() => silent.abort(), silence);
    try {
      const body = await this.#client.stream({
        path: resourcePath(this.resource, { namespace }),
        query: {
          ...{ watch: true, allowWatchBookmarks: true, resourceVersion: this.#version, timeoutSeconds: watchSeconds },
          labelSelector,
        },
        timeout: 0,
        retries: 0,
        signal: AbortSignal.any([outer, silent.signal]),
      });
      for await (const line of lines(heard(body as AsyncIterable<Buffer>, () => timer.refresh()))) {
        this.#accept(JSON.parse(line) as WatchEvent<T>);
        if (this.#version === undefined) return;
      }
    } catch (error) {
      if (outer.aborted) throw error;
      const what = silent.signal.aborted ? `nothing came for ${silence / 1000} s` : 'it was cut off';
      if (error instanceof KubeApiError && !silent.signal.aborted) throw error;
      // Goes on from the last event that came whole.
      throw new KubeApiError(`watch ${this.resource.resource}: ${what}`, { status: 0, cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes in one event, and the version that it brings; none when the server has forgotten ours. */
  #accept({ type, object }: WatchEvent<T>): void {
    if (type === 'ERROR') {
      const failure = new KubeApiError(`watch ${this.resource.resource}: ${object.message ?? 'error'}`, { status: object.code ?? 500 });
      if (!isExpired(failure)) throw failure;
      this.#version = undefined;
      return;
    }
    if (type !== 'BOOKMARK') this.#change(type, this.#kept(object));
    this.#version = object.metadata.resourceVersion ?? this.#version;
  }

  #kept(object: T): T {
    const { managedFields: _fields, ...metadata } = object.metadata as T['metadata'] & { readonly managedFields?: unknown };
    const bare = { ...object, metadata };
    return this.#options.keep?.(bare) ?? bare;
  }

  #change(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    if (type === 'DELETED') this.#store.delete(keyOf(object));
    else this.#store.set(keyOf(object), object);
    try {
      this.#options.onChange(type, object);
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}

/** Milliseconds until the next try: what the server asked for, else longer each time, with jitter. */
function pause(failures: number, failure: Error | undefined): number {
  const asked = failure instanceof KubeApiError ? failure.retryAfterSeconds : undefined;
  return asked === undefined ? Math.min(250 * 2 ** failures, 30_000) * (0.5 + Math.random() / 2) : Math.min(asked, 60) * 1000;
}

/** The same bytes; each piece is told of. */
async function* heard(chunks: AsyncIterable<Buffer>, onPiece: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onPiece();
    yield chunk;
  }
}

/** The signal's state now: a function, since a check on the property is taken to hold across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
