import type { ApiResource } from '../../api/api-resource.ts';
import { InitialLists } from './initial-list.ts';
import type { KubeClient } from '../kube-client.ts';
import { resourcePath } from '../resource-path.ts';
import { WatchStream, type WatchSelection } from './watch-stream.ts';

/** How a hub behaves. */
export interface WatchHubOptions {
  /** First lists are streamed (WatchList) where the server can. Default false: they are read in pages. */
  readonly streamsLists?: boolean;
  /** Between 0 and 1, for the time-outs of watches. Default Math.random. */
  readonly random?: () => number;
}

const hubs = new WeakMap<KubeClient, WatchHub>();

/**
 * One watch a resource for all of a client's subscribers, whatever each keeps of it: {@link ListWatch} is a subscription. Each
 * subscriber has a first list of its own; the watch goes on for the others meanwhile, and is then opened at the oldest version that
 * one of them is at, so that nobody misses anything and nobody is told anything twice. Whole objects are asked for only while somebody
 * wants more than metadata. The hub keeps no object.
 */
export class WatchHub {
  readonly lists: InitialLists;
  readonly #client: KubeClient;
  readonly #random: (() => number) | undefined;
  readonly #streams = new Map<string, WatchStream>();

  constructor(client: KubeClient, { streamsLists = false, random }: WatchHubOptions = {}) {
    this.#client = client;
    this.lists = new InitialLists(client, { streams: streamsLists });
    this.#random = random;
  }

  /** The hub of a client: one for all that watch through it. `options` count when it is first asked for. */
  static of(client: KubeClient, options: WatchHubOptions = {}): WatchHub {
    const known = hubs.get(client);
    if (known) return known;
    const hub = new WatchHub(client, options);
    hubs.set(client, hub);
    return hub;
  }

  /**
   * The stream that a subscriber at this version joins: the shared one of the resource, namespace and selector, or one of its own where
   * versions cannot be compared.
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
