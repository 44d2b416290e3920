import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../api/metadata.ts';
import type { ApiResource } from '../api/api-resource.ts';
import { resourcePath } from './resource-path.ts';
import { KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { lines } from './lines.ts';
import { listPages } from './list.ts';

/** What is listed and watched. */
export interface ListWatchOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  /** Only `metadata` of each object: a fraction of the bytes. */
  readonly metadataOnly?: boolean;
  /** Called when a list or watch fails; it is tried again with growing pauses. */
  readonly onError?: (error: unknown) => void;
  /** Milliseconds without a word, bookmarks included, after which a watch is taken to be dead. Default 150,000: bookmarks come each minute. */
  readonly silence?: number;
}

/** What takes in what a {@link ListWatch} tells. */
export interface ListWatchSink<T> {
  /** One object of a list that has begun; the list may still break off, and begin anew. */
  readonly listed: (object: T) => void;
  /** A new list begins: what was told of the last one that broke off is void. */
  readonly begin: () => void;
  /** The list is complete: what was not in it is gone. */
  readonly complete: () => void;
  /** What the watch tells. */
  readonly changed: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T) => void;
}

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number; readonly message?: string };
}

/** How long the server is asked to keep a watch, in seconds. */
const watchSeconds = 300;
const silenceMilliseconds = 150_000;
/** A watch that ends sooner than this, in milliseconds, is a failure: the next one waits. */
const shortWatch = 1000;
/** Objects a page. */
const pageSize = 500;
const metadataAccept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/**
 * Lists one resource and follows its watch for as long as it is left to: resumes by resourceVersion, uses bookmarks, lists
 * again when the server has forgotten (410), and gives up a watch that says nothing. Keeps nothing itself.
 */
export class ListWatch<T extends KubeObject> {
  readonly resource: ApiResource;
  readonly #client: KubeClient;
  readonly #options: ListWatchOptions;
  readonly #sink: ListWatchSink<T>;

  constructor(client: KubeClient, resource: ApiResource, options: ListWatchOptions, sink: ListWatchSink<T>) {
    this.#client = client;
    this.resource = resource;
    this.#options = options;
    this.#sink = sink;
  }

  /** Lists and watches until the signal is given. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let version: string | undefined;
    while (!signal.aborted) {
      try {
        version ??= await this.#list(signal);
        const from: string = version;
        const started = performance.now();
        version = await this.#watch(from, signal);
        failures = performance.now() - started < shortWatch ? failures + 1 : 0;
      } catch (error) {
        if (isAborted(signal)) return;
        this.#options.onError?.(error);
        if (!(error instanceof KubeApiError && error.status === 0)) version = undefined;
        failures++;
      }
      if (failures > 0) await sleep(pauseAfter(failures), undefined, { signal }).catch(() => undefined);
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { namespace, labelSelector, metadataOnly = false } = this.#options;
    const selection = { namespace, metadataOnly, limit: pageSize, ...(labelSelector === undefined ? {} : { labelSelector }) };
    let version = '';
    this.#sink.begin();
    for await (const page of listPages<T>(this.#client, this.resource, { ...selection, signal })) {
      for (const item of page.items) this.#sink.listed(item);
      version = page.resourceVersion;
    }
    this.#sink.complete();
    return version;
  }

  /** Follows one watch to its end. Returns the version to go on from; undefined when a new list is needed. */
  async #watch(from: string, outer: AbortSignal): Promise<string | undefined> {
    const { namespace, labelSelector, metadataOnly, silence = silenceMilliseconds } = this.#options;
    const quiet = new AbortController();
    const body = await this.#client.stream({
      path: resourcePath(this.resource, { namespace }),
      query: { watch: true, allowWatchBookmarks: true, resourceVersion: from, timeoutSeconds: watchSeconds, labelSelector },
      ...(metadataOnly === true ? { accept: metadataAccept } : {}),
      signal: AbortSignal.any([outer, quiet.signal]),
    });
    const dead = setTimeout(() => quiet.abort(), silence);
    let version: string | undefined = from;
    try {
      for await (const line of lines(body as AsyncIterable<Buffer>)) {
        dead.refresh();
        version = this.#accept(JSON.parse(line) as WatchEvent<T>) ?? version;
        if (version === 'gone') return undefined;
      }
    } catch (error) {
      if (error instanceof KubeApiError || outer.aborted) throw error;
      // The connection was cut in the middle, or was silent: go on from the last event that came whole.
    } finally {
      clearTimeout(dead);
    }
    return version;
  }

  /** Takes in one event. Returns the version that it brings, `gone` when the server has forgotten ours. */
  #accept({ type, object }: WatchEvent<T>): string | undefined {
    if (type === 'ERROR') {
      if (object.code === 410) return 'gone';
      throw new KubeApiError(`watch ${this.resource.resource}: ${object.message ?? 'error'}`, { status: object.code ?? 500 });
    }
    if (type !== 'BOOKMARK') this.#sink.changed(type, object);
    return object.metadata.resourceVersion;
  }
}

/** Milliseconds until the next try: longer with each failure in a row, with jitter. */
const pauseAfter = (failures: number): number => Math.min(250 * 2 ** failures, 30_000) * (0.5 + Math.random() / 2);

/** The signal's state now: a function, since a check on the property is taken to hold across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
