import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isExpired, isRetryable, KubeApiError } from '../kube-api-error.ts';
import type { KubeClient } from '../kube-client.ts';
import { lines } from '../lines.ts';
import { resourcePath } from '../resource-path.ts';
import { compareVersions } from './resource-version.ts';

/** What a watch says that happened to an object. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One line of a watch. */
export interface WatchEvent<T> {
  readonly type: ChangeType | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number; readonly message?: string };
}

/** What is watched of a resource. */
export interface WatchSelection {
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
  /** Only `metadata` of each object. */
  readonly metadataOnly: boolean;
}

/** One who follows a stream, and where. */
export interface Subscriber {
  /** The version up to which it knows everything; the stream moves it on. */
  version: string;
  readonly metadataOnly: boolean;
  /** Milliseconds of silence after which the watch is taken to be dead. */
  readonly silence: number;
  readonly changed: (type: ChangeType, object: KubeObject) => void;
  /** The watch has stood for a second. */
  readonly steady: () => void;
  /** The watch failed; it is tried again. */
  readonly failed: (error: Error) => void;
  /** The stream cannot go on from where this subscriber is: it has been let go, and needs a list. The error is undefined when its version is too old. */
  readonly expired: (error: Error | undefined) => void;
}

/** The watch that is open: what ends it, up to where it has told, and whether of metadata alone. */
interface OpenWatch {
  readonly end: AbortController;
  version: string;
  readonly metadataOnly: boolean;
}

/** How long the server is asked to keep a watch, in seconds: from this to twice as long, at random, so that not all end together. */
const watchSeconds = 300;
/** What ends sooner than this, in milliseconds, is no success, however it ended: the next try waits longer. */
const shortWatch = 5000;
/** Milliseconds that a watch must stand for what went wrong before to count as over. */
const steadyMilliseconds = 1000;
const metadataAccept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/**
 * One watch for any number of subscribers. It begins at the oldest version that one of them is at; each is told what is newer than its own.
 * It resumes by resourceVersion, uses bookmarks, and gives up a watch that says nothing. It asks for metadata alone while nobody wants more.
 * Keeps no object.
 */
export class WatchStream {
  readonly #client: KubeClient;
  readonly #resource: ApiResource;
  readonly #selection: Omit<WatchSelection, 'metadataOnly'>;
  readonly #random: () => number;
  readonly #subscribers = new Set<Subscriber>();
  /** Subscribers that know more than the open watch has told, each up to where. */
  readonly #ahead = new Map<Subscriber, string>();
  #open: OpenWatch | undefined;
  #running: Promise<void> | undefined;
  readonly #pause = { abort: new AbortController() };

  constructor(
    client: KubeClient,
    resource: ApiResource,
    { random = Math.random, ...selection }: Omit<WatchSelection, 'metadataOnly'> & { readonly random?: () => number },
  ) {
    this.#client = client;
    this.#resource = resource;
    this.#selection = selection;
    this.#random = random;
  }

  /** Whether a subscriber at this version can share the stream: its version can be compared with the others'. */
  accepts(version: string): boolean {
    return [...this.#subscribers].every((other) => compareVersions(other.version, version) !== undefined);
  }

  /** Tells this subscriber what is newer than its version, until it leaves or expires. */
  subscribe(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    if (this.#open && !this.#serves(subscriber, this.#open)) this.#open.end.abort();
    else if (this.#open) this.#ahead.set(subscriber, subscriber.version);
    this.#running ??= this.#run();
  }

  /** Tells this subscriber nothing more; resolves when a watch that nobody follows any more has ended. */
  async unsubscribe(subscriber: Subscriber): Promise<void> {
    this.#subscribers.delete(subscriber);
    this.#ahead.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#open?.end.abort();
    this.#pause.abort.abort();
    await this.#running;
  }

  /** Whether the open watch has told nothing yet that the subscriber needs, and tells enough of each object. */
  #serves({ version, metadataOnly }: Subscriber, open: { readonly version: string; readonly metadataOnly: boolean }): boolean {
    return (metadataOnly || !open.metadataOnly) && (compareVersions(version, open.version) ?? -1) >= 0;
  }

  async #run(): Promise<void> {
    // Whoever joins from here on is served by this run.
    await Promise.resolve();
    let failures = 0;
    while (this.#subscribers.size > 0) {
      const began = performance.now();
      const { isReopened, failure } = await this.#watchOnce();
      if (this.#subscribers.size === 0) break;
      if (isReopened) continue;
      failures = performance.now() - began >= shortWatch ? 0 : failures + 1;
      if (failure !== undefined) for (const subscriber of [...this.#subscribers]) subscriber.failed(failure);
      // The first watch that ends early is followed at once: a server that restarts ends all of them.
      else if (failures <= 1) continue;
      this.#pause.abort = new AbortController();
      await sleep(pauseAfter(failures, failure), undefined, { signal: this.#pause.abort.signal }).catch(() => undefined);
    }
    this.#running = undefined;
  }

  /** Follows one watch to its end. Returns whether it was ended here to be opened anew, and what went wrong. */
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
      // What another try of the same cannot mend, a new list may.
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
      // Goes on from the last event that came whole.
      const what = quiet.signal.aborted ? `nothing came for ${silence / 1000} s` : 'it was cut off';
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

  /** Takes in one event. False when the server has forgotten the version that the watch began at. */
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

  /** Whether a subscriber knew this version before the watch told it. */
  #knows(subscriber: Subscriber, version: string): boolean {
    const known = this.#ahead.get(subscriber);
    if (known === undefined) return false;
    if ((compareVersions(version, known) ?? 1) <= 0) return true;
    this.#ahead.delete(subscriber);
    return false;
  }

  /** The server has forgotten this version: who is there needs a list, who is further may go on. */
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

/** Milliseconds until the next try: what the server asked for, else longer each time, with jitter. */
export function pauseAfter(failures: number, failure: Error | undefined): number {
  const asked = failure instanceof KubeApiError ? failure.retryAfterSeconds : undefined;
  return asked === undefined ? Math.min(250 * 2 ** failures, 30_000) * (0.5 + Math.random() / 2) : Math.min(asked, 60) * 1000;
}
