import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isRetryable } from '../kube-api-error.ts';
import type { KubeClient } from '../kube-client.ts';
import { WatchHub } from './watch-hub.ts';
import { pauseAfter, type ChangeType, type Subscriber, type WatchSelection, type WatchStream } from './watch-stream.ts';

export type { ChangeType } from './watch-stream.ts';

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
  /** A watch has stood for a second, whether anything changes or not: what went wrong before is over. */
  readonly steady?: () => void;
  /** What the watch tells. */
  readonly changed: (type: ChangeType, object: T) => void;
}

const silenceMilliseconds = 150_000;
/** What needs a list again sooner than this, in milliseconds, waits longer before it. */
const shortWatch = 5000;

/**
 * A subscription to one resource: lists it, and follows it by the watch that all subscribers of the client's {@link WatchHub} share, for as
 * long as it is left to. Lists again when the server has forgotten the version (410). Keeps nothing itself but its version.
 */
export class ListWatch<T extends KubeObject> {
  readonly resource: ApiResource;
  readonly #hub: WatchHub;
  readonly #options: ListWatchOptions;
  readonly #sink: ListWatchSink<T>;
  readonly #selection: WatchSelection;
  /** Where the next watch begins; undefined: a list is needed. */
  #version: string | undefined;
  #running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(client: KubeClient, resource: ApiResource, options: ListWatchOptions, sink: ListWatchSink<T>) {
    this.#hub = WatchHub.of(client);
    this.resource = resource;
    this.#options = options;
    this.#sink = sink;
    const { namespace, labelSelector, metadataOnly = false } = options;
    this.#selection = { namespace, labelSelector, metadataOnly };
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
      const failure = await this.#listAndFollow(signal);
      if (isAborted(signal)) return;
      failures = performance.now() - began >= shortWatch ? 0 : failures + 1;
      if (failure !== undefined) this.#options.onError?.(failure);
      else if (failures <= 1) continue;
      await sleep(pauseAfter(failures, failure), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Lists where that is needed, and follows the watch until a list is needed again. Returns what went wrong. */
  async #listAndFollow(signal: AbortSignal): Promise<Error | undefined> {
    try {
      this.#version ??= await this.#list(signal);
      return await this.#follow(this.#version, signal);
    } catch (error) {
      if (!isRetryable(error)) this.#version = undefined;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { fromNow = false, silence = silenceMilliseconds } = this.#options;
    const into = {
      begin: () => this.#sink.begin(),
      listed: (object: T) => this.#guarded(() => this.#sink.listed(object)),
    };
    const version = await this.#hub.lists.read<T>(this.resource, into, { selection: this.#selection, fromNow, silence, signal });
    this.#guarded(() => this.#sink.complete());
    return version ?? '';
  }

  /** Follows the shared watch until it cannot go on from where this subscription is. Returns what went wrong. */
  async #follow(version: string, signal: AbortSignal): Promise<Error | undefined> {
    const expired = Promise.withResolvers<Error | undefined>();
    const stream = this.#hub.streamFor(this.resource, this.#selection, version);
    const subscriber = this.#subscriber(version, expired.resolve);
    const leave = (): void => expired.resolve(undefined);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    else stream.subscribe(subscriber);
    const failure = await expired.promise;
    signal.removeEventListener('abort', leave);
    await this.#left(stream, subscriber, signal);
    return failure;
  }

  /** Keeps where it is when it was stopped; else a list is needed. */
  async #left(stream: WatchStream, subscriber: Subscriber, signal: AbortSignal): Promise<void> {
    const leaving = stream.unsubscribe(subscriber);
    this.#version = signal.aborted ? subscriber.version : undefined;
    if (signal.aborted) await leaving;
  }

  #subscriber(version: string, expired: (error: Error | undefined) => void): Subscriber {
    const { silence = silenceMilliseconds, metadataOnly = false, onError } = this.#options;
    return {
      version,
      metadataOnly,
      silence,
      changed: (type, object) => this.#guarded(() => this.#sink.changed(type, object as T)),
      steady: () => this.#guarded(() => this.#sink.steady?.()),
      failed: (error) => onError?.(error),
      expired,
    };
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

/** The signal's state now: a function, since a check on the property is taken to hold across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
