import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isInvalid, KubeApiError } from '../client/kube-api-error.ts';
import { messageOf } from '../client/kube-request.ts';
import { lines } from '../lines.ts';
import { LIST_PAGE_SIZE, listPages } from '../list.ts';
import { resourcePath } from '../client/resource-path.ts';
import type { ChangeType, WatchEvent, WatchSelection, WatchClient } from './watch-stream.ts';

/** Receives the objects of an initial list. */
export interface InitialList<T> {
  /** Called when a list begins. The objects of an earlier list that broke off are to be discarded. */
  readonly begin: () => void;
  readonly listed: (object: T) => void;
  /** Called with an object that was deleted during the list, after it was listed or not. An object of its name may be listed afterwards. */
  readonly removed: (object: T) => void;
}

/** An object changed or was deleted during a streamed list of {@link InitialLists.once}: objects were yielded that are not current. */
export class ListInterrupted extends Error {
  override readonly name = 'ListInterrupted';
}

/** The settings of an initial list. */
export interface InitialListOptions extends OneListOptions {
  /** Reads only the resourceVersion from which to watch; `listed` is not called. */
  readonly fromNow: boolean;
}

/** The settings of a list without a watch. */
export interface OneListOptions {
  readonly selection: WatchSelection;
  /** Milliseconds without data after which a streamed list is aborted. */
  readonly silence: number;
  readonly signal: AbortSignal;
}

const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * Reads the initial list of a resource, and the resourceVersion from which to watch. Uses a stream (WatchList, Kubernetes 1.34 and later), in
 * which neither this process nor the server holds more than one object at a time, or pages. If the server does not support streams for a
 * resource, its lists use pages from then on. If a stream breaks off or times out, the next list uses pages. Throws {@link KubeApiError}.
 */
export class InitialLists {
  readonly #client: WatchClient;
  /** Resources whose lists use pages, by path. */
  readonly #inPages = new Map<string, 'always' | 'once'>();
  readonly #streams: boolean;

  constructor(client: WatchClient, { streams }: { readonly streams: boolean }) {
    this.#client = client;
    this.#streams = streams;
  }

  async read<T extends KubeObject>(resource: ApiResource, list: InitialList<T>, options: InitialListOptions): Promise<string | undefined> {
    const path = resourcePath(resource);
    if (this.#streams && !options.fromNow && !this.#inPages.has(path)) {
      const version = await this.#stream(resource, list, options);
      if (version !== undefined) return version;
      this.#inPages.set(path, 'always');
    }
    const version = await this.#pages(resource, list, options);
    if (this.#inPages.get(path) === 'once') this.#inPages.delete(path);
    return version;
  }

  /**
   * Yields the objects of a complete list, some at a time, for a caller that does not watch. Throws {@link ListInterrupted} if one of the
   * objects changed or was deleted before the end of a streamed list.
   */
  async *once<T extends KubeObject>(resource: ApiResource, options: OneListOptions): AsyncGenerator<readonly T[]> {
    const path = resourcePath(resource);
    if (this.#streams && !this.#inPages.has(path)) {
      let batch: T[] = [];
      const events = this.#events(resource, options);
      let event = await events.next();
      for (; event.done !== true; event = await events.next()) {
        const { type, object } = event.value;
        if (type !== 'ADDED') throw new ListInterrupted(`list ${resource.resource}: ${object.metadata.name} changed meanwhile`);
        if (batch.push(object as T) < LIST_PAGE_SIZE) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
      if (event.value !== undefined) return;
      this.#inPages.set(path, 'always');
    }
    const { selection, signal } = options;
    const wanted = { ...selection, signal } as Parameters<typeof listPages>[2];
    for await (const { items } of listPages<T>(this.#client, resource, wanted)) yield items;
    if (this.#inPages.get(path) === 'once') this.#inPages.delete(path);
  }

  /** Reads the list as a stream. Undefined: the server does not support it. */
  async #stream<T extends KubeObject>(
    resource: ApiResource,
    list: InitialList<T>,
    options: InitialListOptions,
  ): Promise<string | undefined> {
    list.begin();
    const events = this.#events(resource, options);
    for (;;) {
      const event = await events.next();
      if (event.done === true) return event.value;
      const { type, object } = event.value;
      if (type === 'DELETED') list.removed(object as T);
      else list.listed(object as T);
    }
  }

  /**
   * Yields the events of a streamed list. Those after the initial state of the server's cache can be of any type. Returns the resourceVersion;
   * undefined, without an event, if the server does not support streams.
   */
  async *#events(
    resource: ApiResource,
    options: OneListOptions,
  ): AsyncGenerator<{ readonly type: ChangeType; readonly object: KubeObject }, string | undefined> {
    let count = 0;
    try {
      const body = await this.#open(resource, options);
      for await (const line of lines(body as AsyncIterable<Buffer>)) {
        const { type, object } = JSON.parse(line) as WatchEvent<KubeObject>;
        if (type === 'BOOKMARK') return endOf(object);
        if (type === 'ERROR') throw failureOf(resource, object);
        count++;
        yield { type, object };
      }
    } catch (error) {
      if (isInvalid(error) && count === 0) return undefined;
      if (error instanceof KubeApiError || options.signal.aborted) throw error;
      throw this.#brokenOff(resource, error);
    }
    throw this.#brokenOff(resource);
  }

  #open(resource: ApiResource, { selection, silence, signal }: OneListOptions): ReturnType<WatchClient['stream']> {
    const { namespace, labelSelector, metadataOnly } = selection;
    return this.#client.stream({
      path: resourcePath(resource, { namespace }),
      query: {
        ...{ watch: true, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true },
        labelSelector,
      },
      ...(metadataOnly ? { accept: metadataAccept } : {}),
      timeout: silence,
      retries: 0,
      signal,
    });
  }

  #brokenOff(resource: ApiResource, cause?: unknown): KubeApiError {
    this.#inPages.set(resourcePath(resource), 'once');
    return new KubeApiError(`list ${resource.resource}: the stream broke off: ${messageOf(cause ?? 'it ended early')}`, {
      status: 0,
      cause,
    });
  }

  async #pages<T extends KubeObject>(
    resource: ApiResource,
    list: InitialList<T>,
    options: InitialListOptions,
  ): Promise<string | undefined> {
    const { selection, fromNow, signal } = options;
    const { labelSelector } = selection;
    let version: string | undefined;
    list.begin();
    const wanted = { ...selection, ...(labelSelector === undefined ? {} : { labelSelector }), ...(fromNow ? { limit: 1 } : {}), signal };
    for await (const page of listPages<T>(this.#client, resource, wanted as Parameters<typeof listPages>[2])) {
      // Pages after an expired token are newer than the first page: the watch must repeat the changes since the first.
      version ??= page.resourceVersion;
      if (fromNow) break;
      for (const item of page.items) list.listed(item);
    }
    return version;
  }
}

/** The resourceVersion at which a streamed list ends. Undefined: the bookmark has no such annotation, since the server handled the request as an ordinary watch. */
const endOf = ({ metadata }: KubeObject): string | undefined =>
  metadata.annotations?.[initialEventsEnd] === 'true' ? metadata.resourceVersion : undefined;

const failureOf = ({ resource }: ApiResource, { message = 'error', code = 500 }: WatchEvent<KubeObject>['object']): KubeApiError =>
  new KubeApiError(`list ${resource}: ${message}`, { status: code });

const metadataAccept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
