import type { ApiResource } from '../../api/api-resource.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import { apiVersionOf } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { ListWatch, type ChangeType, type ListWatchOptions } from '../../kube/watch/list-watch.ts';
import { indexEntry, type IndexEntry, needsSubjects, ObjectIndex } from './object-index.ts';

/** A change of one object. `before` is undefined for a new object, `after` for a deleted one. */
export interface ObjectChange {
  readonly resource: ApiResource;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly before: IndexEntry | undefined;
  readonly after: IndexEntry | undefined;
}

/** Receives the changes of one resource. */
export interface ChangeObserver {
  readonly onChange: (change: ObjectChange) => void;
  /** Called for each object of the first list. The observer decides whether it changed since it was last evaluated. */
  readonly onFound: (resource: ApiResource, object: KubeObject) => void;
  readonly onError: (resource: ApiResource, error: unknown) => void;
  /** Called when listing and watching works again. */
  readonly onRecovered: () => void;
}

/**
 * Watches one resource in the whole cluster by metadata, and reports the changes that a check could see. Keeps an index, not the objects.
 */
export class ChangeFeed {
  readonly resource: ApiResource;
  readonly index = new ObjectIndex();
  readonly #observer: ChangeObserver;
  readonly #feed: ListWatch<KubeObject>;
  #listed = new ObjectIndex();
  #synced = false;
  #problem: unknown;

  constructor(client: WatchClient, resource: ApiResource, observer: ChangeObserver, patience: Pick<ListWatchOptions, 'silence'> = {}) {
    this.resource = resource;
    this.#observer = observer;
    const onError = (error: unknown): void => {
      this.#problem = error;
      observer.onError(resource, error);
    };
    this.#feed = new ListWatch<KubeObject>(
      client,
      resource,
      { ...patience, metadataOnly: !needsSubjects(resource), onError },
      {
        begin: () => void (this.#listed = new ObjectIndex()),
        listed: (object) => this.#found(object),
        complete: () => this.#replace(),
        steady: () => this.#recovered(),
        changed: (type, object) => this.#changed(type, object),
      },
    );
  }

  /** Whether a complete list was read. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The error that keeps it from listing or watching now. */
  get problem(): unknown {
    return this.#problem;
  }

  start(): void {
    this.#feed.start();
  }

  stop(): Promise<void> {
    return this.#feed.stop();
  }

  #typed(object: KubeObject): KubeObject {
    return { ...object, apiVersion: apiVersionOf(this.resource), kind: this.resource.kind };
  }

  #found(item: KubeObject): void {
    const object = this.#typed(item);
    const { namespace = '', name } = object.metadata;
    this.#listed.set(namespace, name, indexEntry(object));
    if (!this.#synced) this.#observer.onFound(this.resource, object);
  }

  /** Completes a list: reports the differences from the index, including deletions that the watch missed. */
  #replace(): void {
    // The new list replaces the index first. Holding more than two indexes would need too much memory.
    this.index.swap(this.#listed);
    const known = this.#listed;
    this.#listed = new ObjectIndex();
    this.#recovered();
    const { index, resource } = this;
    for (const [namespace, name, before] of known.all())
      if (!index.has(namespace, name)) this.#observer.onChange({ resource, namespace, name, before, after: undefined });
    if (this.#synced) for (const [namespace, name, after] of index.all()) this.#emit(namespace, name, known.get(namespace, name), after);
    this.#synced = true;
  }

  #changed(type: ChangeType, item: KubeObject): void {
    this.#recovered();
    const { namespace = '', name } = item.metadata;
    if (type === 'DELETED') this.#forget(namespace, name);
    else {
      const after = indexEntry(this.#typed(item));
      this.#emit(namespace, name, this.index.set(namespace, name, after), after);
    }
  }

  #recovered(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#observer.onRecovered();
  }

  #emit(namespace: string, name: string, before: IndexEntry | undefined, after: IndexEntry): void {
    if (before?.mark !== after.mark) this.#observer.onChange({ resource: this.resource, namespace, name, before, after });
  }

  #forget(namespace: string, name: string): void {
    const before = this.index.delete(namespace, name);
    if (before) this.#observer.onChange({ resource: this.resource, namespace, name, before, after: undefined });
  }
}
