import type { KubeObject } from '../../api/metadata.ts';
import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeClient } from '../kube-client.ts';
import { ListWatch, type ChangeType, type ListWatchOptions } from './list-watch.ts';

/** What a reflector watches. */
export interface ReflectorOptions<T> extends ListWatchOptions {
  /** Called after the store changed; `object` is the last known one. What it throws goes to `onError` and stops nothing. */
  readonly onChange: (type: ChangeType, object: T) => void;
  /** What is kept of an object, beside which its managed fields are never kept. Default: all. */
  readonly transform?: (object: T) => T;
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/** An object without what is said of who wrote which field: often the larger half of it, and never read. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields, ...metadata } = object.metadata as KubeObject['metadata'] & { readonly managedFields?: unknown };
  return managedFields === undefined ? object : { ...object, metadata };
}

/** A local copy of one resource, kept by list and watch; deletions that the watch missed are told by comparing with the next list. */
export class Reflector<T extends KubeObject> {
  /** What it watches. */
  readonly resource: ApiResource;
  readonly #options: ReflectorOptions<T>;
  readonly #feed: ListWatch<T>;
  readonly #store = new Map<string, T>();
  #fresh = new Map<string, T>();
  readonly #firstList = Promise.withResolvers<undefined>();
  #synced = false;

  constructor(client: KubeClient, resource: ApiResource, options: ReflectorOptions<T>) {
    this.resource = resource;
    this.#options = options;
    const { transform: project = (object: T): T => object } = options;
    const keep = (object: T): T => project(withoutManagedFields(object));
    this.#feed = new ListWatch<T>(client, resource, options, {
      begin: () => void (this.#fresh = new Map()),
      listed: (object) => void this.#fresh.set(keyOf(object), keep(object)),
      complete: () => this.#replace(),
      changed: (type, object) => this.#change(type, keep(object)),
    });
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
    this.#feed.start();
  }

  /** Ends the watch and waits for it. */
  stop(): Promise<void> {
    return this.#feed.stop();
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
