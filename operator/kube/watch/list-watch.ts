import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { WatchHub } from './watch-hub.ts';
import { pauseAfter, type ChangeType, type Subscriber, type WatchSelection, type WatchStream, type WatchClient } from './watch-stream.ts';

export type { ChangeType } from './watch-stream.ts';

/** The selection and settings of a {@link ListWatch}. */
export interface ListWatchOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  /** Requests only `metadata` of each object: a fraction of the bytes. */
  readonly metadataOnly?: boolean;
  /** Skips existing objects: a list reads only the resourceVersion from which to watch. */
  readonly fromNow?: boolean;
  /** Called when a list or watch fails. It is retried with growing pauses. */
  readonly onError?: (error: unknown) => void;
  /** Milliseconds without an event or bookmark after which a watch is reopened. Default 150,000: bookmarks come every minute. */
  readonly silence?: number;
}

/** Receives the objects and changes of a {@link ListWatch}. */
export interface ListWatchSink<T> {
  /** Called with each object of a list. The list may still break off and begin again. */
  readonly listed: (object: T) => void;
  /** Called when a list begins. The objects of an earlier list that broke off are to be discarded. */
  readonly begin: () => void;
  /** Called when the list is complete. Objects that are not in it do not exist. */
  readonly complete: () => void;
  /** Called when a watch has been open for a second: an earlier failure is over. */
  readonly steady?: () => void;
  /** Called with each change. */
  readonly changed: (type: ChangeType, object: T) => void;
}

/** Milliseconds without data after which a watch or a streamed list is given up: bookmarks come every minute. */
export const WATCH_SILENCE = 150_000;
/** If a list is needed again within this time in milliseconds, the pause before it grows. */
const shortWatch = 5000;

/**
 * A subscription to one resource. Lists it, then receives its changes from the watch that all subscribers of the client's {@link WatchHub} share.
 * Lists again when the resourceVersion is too old (410). Stores no objects, only its resourceVersion.
 */
export class ListWatch<T extends KubeObject> {
  readonly resource: ApiResource;
  readonly #hub: WatchHub;
  readonly #options: ListWatchOptions;
  readonly #sink: ListWatchSink<T>;
  readonly #selection: WatchSelection;
  /** The resourceVersion from which to watch. Undefined: a list is needed. */
  #version: string | undefined;
  #running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(client: WatchClient, resource: ApiResource, options: ListWatchOptions, sink: ListWatchSink<T>) {
    this.#hub = WatchHub.of(client);
    this.resource = resource;
    this.#options = options;
    this.#sink = sink;
    const { namespace, labelSelector, metadataOnly = false } = options;
    this.#selection = { namespace, labelSelector, metadataOnly };
  }

  /** Starts to list and watch. A second call does nothing. */
  start(): void {
    if (this.#running) return;
    const abort = new AbortController();
    this.#running = { abort, ended: this.#run(abort.signal) };
  }

  /** Stops the watch and waits for its end. A later start continues from the same resourceVersion. */
  async stop(): Promise<void> {
    const running = this.#running;
    running?.abort.abort();
    await running?.ended;
    if (this.#running === running) this.#running = undefined;
  }

  /** Lists and watches until the signal is aborted. Never rejects. */
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

  /** Lists if needed, then watches until a list is needed again. Returns the error, if any. */
  async #listAndFollow(signal: AbortSignal): Promise<Error | undefined> {
    try {
      this.#version ??= await this.#list(signal);
      return await this.#follow(this.#version, signal);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { fromNow = false, silence = WATCH_SILENCE } = this.#options;
    const removed = new Map<string, T>();
    const into = {
      begin: () => {
        removed.clear();
        this.#sink.begin();
      },
      listed: (object: T) => {
        removed.delete(keyOf(object));
        this.#guarded(() => this.#sink.listed(object));
      },
      removed: (object: T) => void removed.set(keyOf(object), object),
    };
    const version = await this.#hub.lists.read<T>(this.resource, into, { selection: this.#selection, fromNow, silence, signal });
    this.#guarded(() => this.#sink.complete());
    for (const object of removed.values()) this.#guarded(() => this.#sink.changed('DELETED', object));
    return version ?? '';
  }

  /** Subscribes to the shared watch until the subscription expires or the signal is aborted. Returns the error, if any. */
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

  /** Unsubscribes. Keeps the resourceVersion if the subscription was stopped; else a list is needed. */
  async #left(stream: WatchStream, subscriber: Subscriber, signal: AbortSignal): Promise<void> {
    const leaving = stream.unsubscribe(subscriber);
    this.#version = signal.aborted ? subscriber.version : undefined;
    if (signal.aborted) await leaving;
  }

  #subscriber(version: string, expired: (error: Error | undefined) => void): Subscriber {
    const { silence = WATCH_SILENCE, metadataOnly = false, onError } = this.#options;
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

  /** Reports what a sink throws to `onError`. Without this, the watch would fail and repeat the same event without end. */
  #guarded(deliver: () => void): void {
    try {
      deliver();
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}

const keyOf = ({ metadata: { namespace = '', name } }: KubeObject): string => `${namespace}/${name}`;

/** Reads the state of the signal. A function, since TypeScript assumes that a checked property does not change across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
