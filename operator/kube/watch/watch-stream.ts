import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isExpired, isRetryable, KubeApiError } from '../client/kube-api-error.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { lines } from '../lines.ts';
import { resourcePath } from '../client/resource-path.ts';
import { compareVersions } from './resource-version.ts';

/** The part of a client that watches use, with their initial lists. */
export type WatchClient = Pick<KubeClient, 'call' | 'stream'>;

/** The type of a change in a watch event. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One event of a watch. */
export interface WatchEvent<T> {
  readonly type: ChangeType | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number; readonly message?: string };
}

/** The selected objects of a resource. */
export interface WatchSelection {
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
  /** Requests only `metadata` of each object. */
  readonly metadataOnly: boolean;
}

/** A subscriber of a stream, with its position. */
export interface Subscriber {
  /** The resourceVersion up to which it received all events. The stream updates it. */
  version: string;
  readonly metadataOnly: boolean;
  /** Milliseconds without an event or bookmark after which the watch is reopened. */
  readonly silence: number;
  readonly changed: (type: ChangeType, object: KubeObject) => void;
  /** Called when the watch has been open for a second. */
  readonly steady: () => void;
  /** Called when the watch failed. It is retried. */
  readonly failed: (error: Error) => void;
  /** Called when the stream removed this subscriber, which needs a new list. The error is undefined if its resourceVersion is too old. */
  readonly expired: (error: Error | undefined) => void;
}

/** The open watch: its abort controller, the resourceVersion of its last event, and whether it requests only metadata. */
interface OpenWatch {
  readonly end: AbortController;
  version: string;
  readonly metadataOnly: boolean;
}

/** The timeout of a watch in seconds: a random value from this to twice this, so that watches do not end at the same time. */
const watchSeconds = 300;
/** A watch that ends within this time in milliseconds counts as a failure: the pause before the next one grows. */
const shortWatch = 5000;
/** Milliseconds after which an open watch ends an earlier failure. */
const steadyMilliseconds = 1000;
const metadataAccept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/**
 * One watch for any number of subscribers. It begins at the oldest resourceVersion of the subscribers. Each receives the events that are newer
 * than its own. It resumes by resourceVersion, uses bookmarks, and reopens a silent watch. It requests only metadata unless a subscriber needs
 * more. Stores no objects.
 */
export class WatchStream {
  readonly #client: WatchClient;
  readonly #resource: ApiResource;
  readonly #selection: Omit<WatchSelection, 'metadataOnly'>;
  readonly #random: () => number;
  readonly #subscribers = new Set<Subscriber>();
  /** Subscribers that are ahead of the open watch, each with its resourceVersion. */
  readonly #ahead = new Map<Subscriber, string>();
  #open: OpenWatch | undefined;
  #running: Promise<void> | undefined;
  readonly #pause = { abort: new AbortController() };

  constructor(
    client: WatchClient,
    resource: ApiResource,
    { random = Math.random, ...selection }: Omit<WatchSelection, 'metadataOnly'> & { readonly random?: () => number },
  ) {
    this.#client = client;
    this.#resource = resource;
    this.#selection = selection;
    this.#random = random;
  }

  /** Whether a subscriber at this resourceVersion can share the stream: it is comparable with those of the others. */
  accepts(version: string): boolean {
    return [...this.#subscribers].every((other) => compareVersions(other.version, version) !== undefined);
  }

  /** Delivers newer events to a subscriber until it unsubscribes or expires. */
  subscribe(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    if (this.#open && !this.#serves(subscriber, this.#open)) this.#open.end.abort();
    else if (this.#open) this.#ahead.set(subscriber, subscriber.version);
    this.#running ??= this.#run();
  }

  /** Removes a subscriber. Resolves at once, or, if it was the last one, when the watch has ended. */
  async unsubscribe(subscriber: Subscriber): Promise<void> {
    this.#subscribers.delete(subscriber);
    this.#ahead.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#open?.end.abort();
    this.#pause.abort.abort();
    await this.#running;
  }

  /** Whether the open watch can serve a subscriber: it has not passed its resourceVersion, and requests enough of each object. */
  #serves({ version, metadataOnly }: Subscriber, open: { readonly version: string; readonly metadataOnly: boolean }): boolean {
    return (metadataOnly || !open.metadataOnly) && (compareVersions(version, open.version) ?? -1) >= 0;
  }

  async #run(): Promise<void> {
    // This run serves all subscribers that are added from here on.
    await Promise.resolve();
    let failures = 0;
    while (this.#subscribers.size > 0) {
      const began = performance.now();
      const { isReopened, failure } = await this.#watchOnce();
      if (this.#subscribers.size === 0) break;
      if (isReopened) continue;
      failures = performance.now() - began >= shortWatch ? 0 : failures + 1;
      if (failure !== undefined) for (const subscriber of [...this.#subscribers]) subscriber.failed(failure);
      // After the first watch that ends early, there is no pause: a server that restarts ends all watches.
      else if (failures <= 1) continue;
      this.#pause.abort = new AbortController();
      await sleep(pauseAfter(failures, failure), undefined, { signal: this.#pause.abort.signal }).catch(() => undefined);
    }
    this.#running = undefined;
  }

  /** Runs one watch to its end. Returns whether this process ended it to reopen it, and the error, if any. */
  async #watchOnce(): Promise<{ readonly isReopened: boolean; readonly failure?: Error }> {
    const end = new AbortController();
    const open = { end, version: this.#oldest(), metadataOnly: [...this.#subscribers].every(({ metadataOnly }) => metadataOnly) };
    this.#open = open;
    try {
      await this.#watch(open);
      return { isReopened: false };
    } catch (error) {
      if (end.signal.aborted) return { isReopened: true };
      const failure = error instanceof Error ? error : new Error(String(error));
      // A retry cannot fix these errors, but a new list may.
      if (isRetryable(error)) return { isReopened: false, failure };
      if (isExpired(error)) {
        this.#expireOldest(open.version);
        return { isReopened: false };
      }
      for (const subscriber of [...this.#subscribers]) this.#expire(subscriber, failure);
      return { isReopened: false };
    } finally {
      this.#open = undefined;
    }
  }

  #oldest(): string {
    const versions = [...this.#subscribers].map(({ version }) => version);
    return versions.reduce((oldest, version) => ((compareVersions(version, oldest) ?? 0) < 0 ? version : oldest));
  }

  async #watch(open: OpenWatch): Promise<void> {
    this.#noteAhead(open);
    const silence = Math.min(...[...this.#subscribers].map((subscriber) => subscriber.silence));
    const quiet = new AbortController();
    const dead = setTimeout(() => quiet.abort(), silence);
    let steady: NodeJS.Timeout | undefined;
    try {
      const body = await this.#request(open, AbortSignal.any([open.end.signal, quiet.signal]));
      steady = setTimeout(() => this.#steady(), steadyMilliseconds);
      for await (const line of lines(body as AsyncIterable<Buffer>)) {
        dead.refresh();
        if (open.end.signal.aborted) break;
        if (!this.#accept(JSON.parse(line) as WatchEvent<KubeObject>, open)) return;
      }
      open.end.signal.throwIfAborted();
    } catch (error) {
      if (open.end.signal.aborted) throw error;
      if (error instanceof KubeApiError && !quiet.signal.aborted) throw error;
      // The next watch resumes from the last complete event.
      const what = quiet.signal.aborted ? `no data for ${silence / 1000} s` : 'the connection was closed';
      throw new KubeApiError(`watch ${this.#resource.resource}: ${what}`, { status: 0, cause: error });
    } finally {
      clearTimeout(dead);
      clearTimeout(steady);
    }
  }

  #noteAhead({ version }: OpenWatch): void {
    this.#ahead.clear();
    for (const subscriber of this.#subscribers) if (subscriber.version !== version) this.#ahead.set(subscriber, subscriber.version);
  }

  #request({ version, metadataOnly }: { version: string; metadataOnly: boolean }, signal: AbortSignal): ReturnType<KubeClient['stream']> {
    const { namespace, labelSelector } = this.#selection;
    return this.#client.stream({
      path: resourcePath(this.#resource, { namespace }),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: version,
        timeoutSeconds: Math.round(watchSeconds * (1 + this.#random())),
        labelSelector,
      },
      ...(metadataOnly ? { accept: metadataAccept } : {}),
      timeout: 0,
      retries: 0,
      signal,
    });
  }

  #steady(): void {
    for (const subscriber of [...this.#subscribers]) subscriber.steady();
  }

  /** Delivers one event. Returns false if the resourceVersion of the watch is too old for the server. */
  #accept({ type, object }: WatchEvent<KubeObject>, open: OpenWatch): boolean {
    if (type === 'ERROR') {
      const failure = new KubeApiError(`watch ${this.#resource.resource}: ${object.message ?? 'error'}`, { status: object.code ?? 500 });
      if (!isExpired(failure)) throw failure;
      this.#expireOldest(open.version);
      return false;
    }
    const { resourceVersion: version = open.version } = object.metadata;
    for (const subscriber of [...this.#subscribers]) {
      if (this.#knows(subscriber, version)) continue;
      if (type !== 'BOOKMARK') subscriber.changed(type, subscriber.metadataOnly ? { metadata: object.metadata } : object);
      subscriber.version = version;
    }
    open.version = version;
    return true;
  }

  /** Whether a subscriber had received this resourceVersion before the watch did. */
  #knows(subscriber: Subscriber, version: string): boolean {
    const known = this.#ahead.get(subscriber);
    if (known === undefined) return false;
    if ((compareVersions(version, known) ?? 1) <= 0) return true;
    this.#ahead.delete(subscriber);
    return false;
  }

  /** Expires the subscribers at or before a resourceVersion that is too old for the server. Newer ones stay. */
  #expireOldest(forgotten: string): void {
    for (const subscriber of [...this.#subscribers])
      if ((compareVersions(subscriber.version, forgotten) ?? 0) <= 0) this.#expire(subscriber, undefined);
  }

  #expire(subscriber: Subscriber, error: Error | undefined): void {
    this.#subscribers.delete(subscriber);
    this.#ahead.delete(subscriber);
    subscriber.expired(error);
  }
}

/** Milliseconds until the next attempt: the Retry-After of the server, else an exponential back-off with jitter. */
export function pauseAfter(failures: number, failure: Error | undefined): number {
  const asked = failure instanceof KubeApiError ? failure.retryAfterSeconds : undefined;
  return asked === undefined ? Math.min(250 * 2 ** failures, 30_000) * (0.5 + Math.random() / 2) : Math.min(asked, 60) * 1000;
}
