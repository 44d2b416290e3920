import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../api/metadata.ts';
import type { ApiResource } from '../api/api-resource.ts';
import { resourcePath } from './resource-path.ts';
import { KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { listPages } from './list.ts';

/** What a reflector watches. */
export interface ReflectorOptions<T> {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  /** Called after the store changed; `object` is the last known one. */
  readonly onChange: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T) => void;
  /** Called when a list or watch fails; it is tried again with growing pauses. */
  readonly onError?: (error: unknown) => void;
}

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number; readonly message?: string };
}

const watchSeconds = 300;
/** A watch that says nothing for this long past its own end is dead. */
const graceMilliseconds = 30_000;

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
    let version: string | undefined;
    while (!signal.aborted) {
      try {
        version ??= await this.#relist(signal);
        const from: string = version;
        version = await this.#watch(from, signal);
        failures = 0;
      } catch (error) {
        if (isAborted(signal)) return;
        this.#options.onError?.(error);
        if (!(error instanceof KubeApiError && error.status === 0)) version = undefined;
        failures++;
        await sleep(Math.min(250 * 2 ** failures, 30_000) * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #relist(signal: AbortSignal): Promise<string> {
    const fresh = new Map<string, T>();
    let version = '';
    const { namespace, labelSelector } = this.#options;
    for await (const page of listPages<T>(this.#client, this.resource, {
      namespace,
      signal,
      ...(labelSelector === undefined ? {} : { labelSelector }),
    })) {
      for (const item of page.items) fresh.set(keyOf(item), item);
      version = page.resourceVersion;
    }
    for (const [key, object] of [...this.#store]) if (!fresh.has(key)) this.#change('DELETED', object);
    for (const object of fresh.values()) {
      const known = this.#store.get(keyOf(object));
      if (known?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#change(known ? 'MODIFIED' : 'ADDED', object);
    }
    this.#synced = true;
    this.#firstList.resolve(undefined);
    return version;
  }

  /** Follows one watch to its end. Returns the version to go on from; undefined when a new list is needed. */
  async #watch(from: string, outer: AbortSignal): Promise<string | undefined> {
    const silence = AbortSignal.timeout(watchSeconds * 1000 + graceMilliseconds);
    const { namespace, labelSelector } = this.#options;
    const body = await this.#client.stream({
      path: resourcePath(this.resource, { namespace }),
      query: { watch: true, allowWatchBookmarks: true, resourceVersion: from, timeoutSeconds: watchSeconds, labelSelector },
      signal: AbortSignal.any([outer, silence]),
    });
    let version: string | undefined = from;
    try {
      for await (const line of lines(body as AsyncIterable<Buffer>)) {
        version = this.#accept(JSON.parse(line) as WatchEvent<T>) ?? version;
        if (version === 'gone') return undefined;
      }
    } catch (error) {
      if (error instanceof KubeApiError || outer.aborted) throw error;
      // The connection was cut in the middle: go on from the last event that came whole.
    }
    return version;
  }

  /** Takes in one event. Returns the version that it brings, `gone` when the server has forgotten ours. */
  #accept({ type, object }: WatchEvent<T>): string | undefined {
    if (type === 'ERROR') {
      if (object.code === 410) return 'gone';
      throw new KubeApiError(`watch ${this.resource.resource}: ${object.message ?? 'error'}`, { status: object.code ?? 500 });
    }
    if (type !== 'BOOKMARK') this.#change(type, object);
    return object.metadata.resourceVersion;
  }

  #change(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    if (type === 'DELETED') this.#store.delete(keyOf(object));
    else this.#store.set(keyOf(object), object);
    this.#options.onChange(type, object);
  }
}

/** The signal's state now: a function, since a check on the property is taken to hold across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** The lines of a byte stream, whatever its chunks; an unfinished last line is left out. */
export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10, start); end >= 0; end = chunk.indexOf(10, start)) {
      rest.push(chunk.subarray(start, end));
      const line = Buffer.concat(rest).toString('utf8');
      rest = [];
      start = end + 1;
      if (line !== '') yield line;
    }
    rest.push(chunk.subarray(start));
  }
}
