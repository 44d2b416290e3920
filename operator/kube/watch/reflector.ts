import type { KubeObject } from '../../api/metadata.ts';
import type { WatchClient } from './watch-stream.ts';
import type { ApiResource } from '../../api/api-resource.ts';
import { ListWatch, type ChangeType, type ListWatchOptions } from './list-watch.ts';

/** The settings of a {@link Reflector}. */
export interface ReflectorOptions<T> extends ListWatchOptions {
  /** Called after the cache changed. `object` is the new object, or the last known one after a deletion. Errors that it throws go to `onError`. */
  readonly onChange: (type: ChangeType, object: T) => void;
  /** Reduces an object before it is cached. Managed fields are always removed. Default: keeps the object. */
  readonly transform?: (object: T) => T;
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/** Returns an object without its managed fields, which often are the larger half of it. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields, ...metadata } = object.metadata as KubeObject['metadata'] & { readonly managedFields?: unknown };
  return managedFields === undefined ? object : { ...object, metadata };
}

/** A local cache of one resource, kept current by list and watch. Deletions that the watch missed are found by comparison with the next list. */
export class Reflector<T extends KubeObject> {
  /** The watched resource. */
  readonly resource: ApiResource;
  readonly #options: ReflectorOptions<T>;
  readonly #listWatch: ListWatch<T>;
  readonly #store = new Map<string, T>();
  #fresh = new Map<string, T>();
  readonly #firstList = Promise.withResolvers<undefined>();
  #synced = false;

  constructor(client: WatchClient, resource: ApiResource, options: ReflectorOptions<T>) {
    this.resource = resource;
    this.#options = options;
    const { transform: project = (object: T): T => object } = options;
    const keep = (object: T): T => project(withoutManagedFields(object));
    this.#listWatch = new ListWatch<T>(client, resource, options, {
      begin: () => void (this.#fresh = new Map()),
      listed: (object) => void this.#fresh.set(keyOf(object), keep(object)),
      complete: () => this.#replace(),
      changed: (type, object) => this.#change(type, keep(object)),
    });
  }

  /** Whether the initial list is complete. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Resolves when the initial list is complete, or the signal is aborted. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    const aborted = new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
      if (signal.aborted) resolve(undefined);
    });
    await Promise.race([this.#firstList.promise, aborted]);
  }

  /** The cached object. */
  get(name: string, namespace = ''): T | undefined {
    return this.#store.get(`${namespace}/${name}`);
  }

  /** All cached objects. */
  list(): T[] {
    return [...this.#store.values()];
  }

  /** Starts to list and watch. A second call does nothing. */
  start(): void {
    this.#listWatch.start();
  }

  /** Stops the watch and waits for its end. */
  stop(): Promise<void> {
    return this.#listWatch.stop();
  }

  #replace(): void {
    const fresh = this.#fresh;
    this.#fresh = new Map();
    for (const [key, object] of [...this.#store]) if (!fresh.has(key)) this.#change('DELETED', object);
    for (const [key, object] of fresh) {
      const known = this.#store.get(key);
      if (known?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#change(known ? 'MODIFIED' : 'ADDED', object);
    }
    this.#synced = true;
    this.#firstList.resolve(undefined);
  }

  #change(type: ChangeType, object: T): void {
    if (type === 'DELETED') this.#store.delete(keyOf(object));
    else this.#store.set(keyOf(object), object);
    try {
      this.#options.onChange(type, object);
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}
