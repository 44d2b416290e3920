import type { ApiResource } from '../../api/api-resource.ts';
import { apiVersionOf } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { ListWatch } from '../../kube/watch/list-watch.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import type { ChangeActivity, Operation } from '../activity/activity.ts';
import { changeActivity, type WatchedKind } from '../activity/change-activity.ts';
import type { ObjectFacts } from '../facts/object-facts.ts';

/** Receives what a {@link KindWatch} sees. */
export interface KindObserver {
  readonly onActivity: (activity: ChangeActivity) => void;
  /** Called when the first list is complete. */
  readonly onSynced: () => void;
  /** Called with each failure, and with undefined when listing and watching works again. */
  readonly onProblem: (resource: ApiResource, error: unknown) => void;
}

interface Known {
  readonly version: string;
  readonly facts: ObjectFacts | undefined;
}

interface Change {
  readonly object: KubeObject;
  readonly version: string;
  readonly known: Known | undefined;
  readonly isListed: boolean;
}

/** Watches one kind and makes activities of its changes. Keeps the facts of each object, not the object. */
export class KindWatch {
  readonly resource: ApiResource;
  readonly #observer: KindObserver;
  readonly #clock: () => number;
  readonly #names: ReadonlySet<string> | undefined;
  readonly #watch: ListWatch<KubeObject>;
  #known = new Map<string, Known>();
  #listed = new Set<string>();
  #synced = false;

  constructor(
    client: WatchClient,
    { kind, resource }: { readonly kind: WatchedKind; readonly resource: ApiResource },
    options: { readonly observer: KindObserver; readonly clock: () => number; readonly silence: number },
  ) {
    this.resource = resource;
    this.#observer = options.observer;
    this.#clock = options.clock;
    this.#names = kind.only && new Set(kind.only.names);
    const onError = (error: unknown): void => this.#observer.onProblem(resource, error);
    this.#watch = new ListWatch<KubeObject>(
      client,
      resource,
      { silence: options.silence, onError, ...(kind.only ? { namespace: kind.only.namespace } : {}) },
      {
        begin: () => void (this.#listed = new Set()),
        listed: (object) => this.#take(object, true),
        complete: () => this.#complete(),
        steady: () => this.#observer.onProblem(resource, undefined),
        changed: (type, object) => (type === 'DELETED' ? this.#forget(keyOf(object), object) : this.#take(object, false)),
      },
    );
  }

  /** Whether the first list was complete. */
  get synced(): boolean {
    return this.#synced;
  }

  start(): void {
    this.#watch.start();
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  /** `isListed`: the object is from a list. In the first list it is found; in a later one the watch may have missed its change. */
  #take(object: KubeObject, isListed: boolean): void {
    const { name, resourceVersion: version = '' } = object.metadata;
    if (this.#names?.has(name) === false) return;
    const key = keyOf(object);
    if (isListed) this.#listed.add(key);
    const known = this.#known.get(key);
    if (known?.version !== version) this.#changed(key, { object, version, known, isListed });
  }

  #changed(key: string, { object, version, known, isListed }: Change): void {
    const activity = this.#activity(known ? 'update' : this.#first(isListed), object, known?.facts);
    this.#known.set(key, { version, facts: activity?.after });
    if (activity) this.#observer.onActivity(activity);
  }

  /** What an object is that was not known. */
  #first(isListed: boolean): Operation {
    return isListed && !this.#synced ? 'found' : 'create';
  }

  #forget(key: string, object: KubeObject): void {
    const known = this.#known.get(key);
    if (!this.#known.delete(key)) return;
    const activity = this.#activity('delete', object, known?.facts);
    if (activity) this.#observer.onActivity(activity);
  }

  /** Objects that a complete list does not have were deleted, unseen. */
  #complete(): void {
    for (const key of [...this.#known.keys()])
      if (!this.#listed.has(key)) {
        const [namespace = '', name = ''] = key.split('/');
        this.#forget(key, { metadata: { name, ...(namespace === '' ? {} : { namespace }) } });
      }
    this.#listed = new Set();
    this.#observer.onProblem(this.resource, undefined);
    if (this.#synced) return;
    this.#synced = true;
    this.#observer.onSynced();
  }

  #activity(operation: Operation, object: KubeObject, before: ObjectFacts | undefined): ChangeActivity | undefined {
    const typed = { ...object, apiVersion: apiVersionOf(this.resource), kind: this.resource.kind };
    return changeActivity({ operation, object: typed, before, at: this.#clock() });
  }
}

const keyOf = ({ metadata: { namespace = '', name } }: KubeObject): string => `${namespace}/${name}`;
