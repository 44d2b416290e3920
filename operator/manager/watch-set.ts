import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { Runnable } from '../controller/lifecycle.ts';
import { isForbidden, isNotFound } from '../kube/client/kube-api-error.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';
import { Reflector, type ReflectorOptions } from '../kube/watch/reflector.ts';
import type { WatchClient } from '../kube/watch/watch-stream.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The settings of a {@link WatchSet}. */
export interface WatchSetOptions {
  readonly log: Logger;
  /** Milliseconds without an event after which a watch is started again. */
  readonly silence: number;
  /** Called for every change of a watched object. */
  readonly onChange: (resource: ApiResource, type: ChangeType, object: KubeObject) => void;
}

/** What is watched of a resource. */
export interface WatchedPart<T extends KubeObject> extends Pick<
  ReflectorOptions<T>,
  'namespace' | 'labelSelector' | 'transform' | 'metadataOnly'
> {
  /**
   * The start does not wait for a kind that is not installed, or that the operator may not list: the watch goes on, and finds the objects
   * once it can. Default: the start waits for the complete initial list, so that no reconcile reads a partial cache.
   */
  readonly optional?: boolean;
}

/** The watches of the leader. */
export class WatchSet {
  readonly #client: WatchClient;
  readonly #options: WatchSetOptions;
  readonly #reflectors: Pick<Reflector<KubeObject>, 'resource' | 'synced'>[] = [];
  /** The watches, to be started before the controllers. */
  readonly runnables: Runnable[] = [];

  constructor(client: WatchClient, options: WatchSetOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Adds a watch. Returns its cache. */
  add<T extends KubeObject>(resource: ApiResource, { optional = false, ...part }: WatchedPart<T> = {}): Reflector<T> {
    const { log, silence, onChange } = this.#options;
    const missing = Promise.withResolvers<undefined>();
    const reflector: Reflector<T> = new Reflector<T>(this.#client, resource, {
      ...part,
      silence,
      onChange: (type, object) => onChange(resource, type, object),
      onError: (error) => {
        if (optional && (isNotFound(error) || isForbidden(error))) missing.resolve(undefined);
        log.warn({ err: error, resource: resource.resource }, 'watch failed; retrying');
      },
    });
    this.#reflectors.push(reflector);
    this.runnables.push({
      name: `watch ${resource.resource}`,
      start: async (signal) => {
        reflector.start();
        await Promise.race([reflector.whenSynced(signal), missing.promise]);
      },
      stop: () => reflector.stop(),
    });
    return reflector;
  }

  /** Returns the initial lists that are not complete. */
  problems(): readonly string[] {
    return this.#reflectors.flatMap(({ synced, resource }) => (synced ? [] : [`${resource.resource}: the initial list is not complete`]));
  }
}
