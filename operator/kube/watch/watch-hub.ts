import type { ApiResource } from '../../api/api-resource.ts';
import { InitialLists } from './initial-list.ts';
import { resourcePath } from '../client/resource-path.ts';
import { WatchStream, type WatchSelection, type WatchClient } from './watch-stream.ts';

/** The settings of a {@link WatchHub}. */
export interface WatchHubOptions {
  /** Streams initial lists (WatchList) if the server supports it. Default false: lists use pages. */
  readonly streamsLists?: boolean;
  /** Returns a number between 0 and 1, for the timeouts of watches. Default Math.random. */
  readonly random?: () => number;
}

const hubs = new WeakMap<WatchClient, WatchHub>();

/**
 * Shares one watch per resource among all subscribers of a client. A subscription is a {@link ListWatch}. Each subscriber has its own initial
 * list, while the watch continues for the others. Then the watch is reopened at the oldest resourceVersion of its subscribers, so that no
 * subscriber misses an event or receives one twice. The watch requests whole objects only if a subscriber needs more than metadata. The hub
 * stores no objects.
 */
export class WatchHub {
  readonly lists: InitialLists;
  readonly #client: WatchClient;
  readonly #random: (() => number) | undefined;
  readonly #streams = new Map<string, WatchStream>();

  constructor(client: WatchClient, { streamsLists = false, random }: WatchHubOptions = {}) {
    this.#client = client;
    this.lists = new InitialLists(client, { streams: streamsLists });
    this.#random = random;
  }

  /** Returns the hub of a client. Only the first call for a client uses `options`. */
  static of(client: WatchClient, options: WatchHubOptions = {}): WatchHub {
    const known = hubs.get(client);
    if (known) return known;
    const hub = new WatchHub(client, options);
    hubs.set(client, hub);
    return hub;
  }

  /**
   * Returns the stream for a subscriber at this resourceVersion: the shared stream of the resource, namespace and selector, or a new one if
   * resourceVersions cannot be compared.
   */
  streamFor(resource: ApiResource, { namespace, labelSelector }: WatchSelection, version: string): WatchStream {
    const key = JSON.stringify([resourcePath(resource, { namespace }), labelSelector]);
    const shared = this.#streams.get(key) ?? this.#newStream(resource, { namespace, labelSelector });
    this.#streams.set(key, shared);
    return shared.accepts(version) ? shared : this.#newStream(resource, { namespace, labelSelector });
  }

  #newStream(resource: ApiResource, selection: Omit<WatchSelection, 'metadataOnly'>): WatchStream {
    return new WatchStream(this.#client, resource, { ...selection, ...(this.#random ? { random: this.#random } : {}) });
  }
}
