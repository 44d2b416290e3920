import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../api/metadata.ts';
import type { ApiResource } from '../api/api-resource.ts';
import { resourcePath } from './resource-path.ts';
import { isExpired, isRetryable, KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { lines } from './lines.ts';
import { listPages } from './list.ts';

/** What a watch says that happened to an object. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** What is listed and watched. */
export interface ListWatchOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  /** Only `metadata` of each object: a fraction of the bytes. */
  readonly metadataOnly?: boolean;
  /** Nothing is told of what is there already: each list is a glance at the version to watch from. */
  readonly fromNow?: boolean;
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
  /** A watch has stood for {@link steadyMilliseconds}, whether anything changes or not: what went wrong before is over. */
  readonly steady?: () => void;
  /** What the watch tells. */
  readonly changed: (type: ChangeType, object: T) => void;
}

interface WatchEvent<T> {
  readonly type: ChangeType | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number; readonly message?: string };
}

/** How long the server is asked to keep a watch, in seconds. */
const watchSeconds = 300;
const silenceMilliseconds = 150_000;
/** What ends sooner than this, in milliseconds, is no success, however it ended: the next try waits longer. */
const shortWatch = 5000;
/** Milliseconds that a watch must stand for what went wrong before to count as over. */
const steadyMilliseconds = 1000;
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
  /** Where the next watch begins; undefined: a list is needed. */
  #version: string | undefined;
  #running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(client: KubeClient, resource: ApiResource, options: ListWatchOptions, sink: ListWatchSink<T>) {
    this.#client = client;
    this.resource = resource;
    this.#options = options;
    this.#sink = sink;
  }

  /** Begins to list and watch, until it is stopped; a second call does nothing. */
  start(): void {
    if (this.#running) return;
    const abort = new AbortController();
    this.#running = { abort, ended: this.#run(abort.signal) };
  }

  /** Ends the watch and waits for it. It may be started again, and goes on where it was. */
  async stop(): Promise<void> {
    const running = this.#running;
    running?.abort.abort();
    await running?.ended;
    if (this.#running === running) this.#running = undefined;
  }

  /** Lists and watches until the signal is given. Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const began = performance.now();
      const failure = await this.#listAndWatch(signal);
      if (isAborted(signal)) return;
      failures = performance.now() - began >= shortWatch ? 0 : failures + 1;
      if (failure !== undefined) this.#options.onError?.(failure);
      // The first watch that ends early is followed at once: a server that restarts ends all of them.
      else if (failures <= 1) continue;
      await sleep(pauseAfter(failures, failure), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Lists where that is needed, and follows a watch to its end. Returns what went wrong. */
  async #listAndWatch(signal: AbortSignal): Promise<Error | undefined> {
    try {
      if (this.#version === undefined) await this.#list(signal);
      await this.#watch(signal);
      return undefined;
    } catch (error) {
      // What another try of the same cannot mend, a new list may.
      if (!isRetryable(error)) this.#version = undefined;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { namespace, labelSelector, metadataOnly = false, fromNow = false } = this.#options;
    const selection = {
      namespace,
      metadataOnly,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fromNow ? { limit: 1 } : {}),
    };
    let version: string | undefined;
    this.#sink.begin();
    for await (const page of listPages<T>(this.#client, this.resource, { ...selection, signal })) {
      // Pages after an expired token are newer than the first: what changed between them must come with the watch.
      version ??= page.resourceVersion;
      if (fromNow) break;
      for (const item of page.items) this.#guarded(() => this.#sink.listed(item));
    }
    this.#guarded(() => this.#sink.complete());
    this.#version = version;
  }

  /** Follows one watch to its end, and keeps the version to go on from. */
  async #watch(outer: AbortSignal): Promise<void> {
    const { silence = silenceMilliseconds } = this.#options;
    const quiet = new AbortController();
    const dead = setTimeout(() => quiet.abort(), silence);
    let steady: NodeJS.Timeout | undefined;
    try {
      const body = await this.#open(AbortSignal.any([outer, quiet.signal]));
      steady = setTimeout(() => this.#guarded(() => this.#sink.steady?.()), steadyMilliseconds);
      for await (const line of lines(body as AsyncIterable<Buffer>)) {
        dead.refresh();
        this.#accept(JSON.parse(line) as WatchEvent<T>);
        if (this.#version === undefined) return;
      }
    } catch (error) {
      if (outer.aborted || (error instanceof KubeApiError && !quiet.signal.aborted)) throw error;
      // Goes on from the last event that came whole.
      const what = quiet.signal.aborted ? `nothing came for ${silence / 1000} s` : 'it was cut off';
      throw new KubeApiError(`watch ${this.resource.resource}: ${what}`, { status: 0, cause: error });
    } finally {
      clearTimeout(dead);
      clearTimeout(steady);
    }
  }

  #open(signal: AbortSignal): ReturnType<KubeClient['stream']> {
    const { namespace, labelSelector, metadataOnly } = this.#options;
    return this.#client.stream({
      path: resourcePath(this.resource, { namespace }),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: this.#version,
        timeoutSeconds: watchSeconds,
        labelSelector,
      },
      ...(metadataOnly === true ? { accept: metadataAccept } : {}),
      timeout: 0,
      retries: 0,
      signal,
    });
  }

  /** Takes in one event, and the version that it brings; none when the server has forgotten ours. */
  #accept({ type, object }: WatchEvent<T>): void {
    if (type === 'ERROR') {
      const failure = new KubeApiError(`watch ${this.resource.resource}: ${object.message ?? 'error'}`, { status: object.code ?? 500 });
      if (!isExpired(failure)) throw failure;
      this.#version = undefined;
      return;
    }
    if (type !== 'BOOKMARK') this.#guarded(() => this.#sink.changed(type, object));
    this.#version = object.metadata.resourceVersion ?? this.#version;
  }

  /** What a sink throws is told, and stops nothing: without this, the same event would come again without end. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}

/** Milliseconds until the next try: what the server asked for, else longer each time, with jitter. */
function pauseAfter(failures: number, failure: Error | undefined): number {
  const asked = failure instanceof KubeApiError ? failure.retryAfterSeconds : undefined;
  return asked === undefined ? Math.min(250 * 2 ** failures, 30_000) * (0.5 + Math.random() / 2) : Math.min(asked, 60) * 1000;
}

/** The signal's state now: a function, since a check on the property is taken to hold across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
