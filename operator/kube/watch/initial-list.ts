import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isInvalid, KubeApiError } from '../client/kube-api-error.ts';
import { messageOf } from '../client/kube-request.ts';
import { lines } from '../lines.ts';
import { listPages } from '../list.ts';
import { resourcePath } from '../client/resource-path.ts';
import type { WatchEvent, WatchSelection, WatchClient } from './watch-stream.ts';

/** Receives the objects of an initial list. */
export interface InitialList<T> {
  /** Called when a list begins. The objects of an earlier list that broke off are to be discarded. */
  readonly begin: () => void;
  readonly listed: (object: T) => void;
}

/** The settings of an initial list. */
export interface InitialListOptions {
  readonly selection: WatchSelection;
  /** Reads only the resourceVersion from which to watch; `listed` is not called. */
  readonly fromNow: boolean;
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

  /** Reads the list as a stream. Undefined: the server does not support it. */
  async #stream<T extends KubeObject>(
    resource: ApiResource,
    list: InitialList<T>,
    options: InitialListOptions,
  ): Promise<string | undefined> {
    list.begin();
    try {
      const body = await this.#open(resource, options);
      for await (const line of lines(body as AsyncIterable<Buffer>)) {
        const { type, object } = JSON.parse(line) as WatchEvent<T>;
        if (type === 'BOOKMARK') return endOf(object);
        if (type === 'ERROR') throw failureOf(resource, object);
        list.listed(object);
      }
    } catch (error) {
      if (isInvalid(error)) return undefined;
      if (error instanceof KubeApiError || options.signal.aborted) throw error;
      throw this.#brokenOff(resource, error);
    }
    throw this.#brokenOff(resource);
  }

  #open(resource: ApiResource, { selection, silence, signal }: InitialListOptions): ReturnType<WatchClient['stream']> {
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
