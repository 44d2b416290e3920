import type { ApiResource } from '../../api/api-resource.ts';
import { builtinResources } from '../../engine/objects/builtin-resources.ts';
import { isNotFound } from '../../kube/client/kube-api-error.ts';
import { messageOf } from '../../kube/client/kube-request.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import type { ChangeActivity } from '../activity/activity.ts';
import { watchedKinds, type WatchedKind } from '../activity/change-activity.ts';
import { KindWatch, type KindObserver } from './kind-watch.ts';

/** What a {@link ClusterWatch} needs. */
export interface ClusterWatchOptions {
  readonly onActivity: (activity: ChangeActivity) => void;
  /** Called once, when every kind that can be listed was listed. */
  readonly onSynced: () => void;
  /** Called when a watch fails, for the log. */
  readonly onError: (resource: ApiResource, error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Milliseconds without a word after which a watch is taken to be dead. */
  readonly silence: number;
}

/** Watches all kinds that detections read. */
export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  readonly #watches: readonly KindWatch[];
  readonly #problems = new Map<ApiResource, string>();
  readonly #missing = new Set<ApiResource>();
  #synced = false;

  constructor(client: WatchClient, options: ClusterWatchOptions) {
    this.#options = options;
    const { clock, silence } = options;
    const observer: KindObserver = {
      onActivity: options.onActivity,
      onSynced: () => this.#checkSynced(),
      onProblem: (resource, error) => this.#problem(resource, error),
    };
    this.#watches = watchedKinds.map((kind) => new KindWatch(client, { kind, resource: resourceOf(kind) }, { observer, clock, silence }));
  }

  /** Kinds that cannot be watched now, each with the reason, as sentences. */
  get problems(): readonly string[] {
    return [...this.#problems].map(([{ resource }, message]) => `changes of ${resource} are not seen: ${message}`);
  }

  /** Starts all watches. A second call does nothing. */
  start(): void {
    for (const watch of this.#watches) watch.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  #problem(resource: ApiResource, error: unknown): void {
    if (error === undefined) this.#problems.delete(resource);
    // The API of a kind is optional in a cluster: a server that does not have it has nothing to watch.
    else if (isNotFound(error)) this.#missing.add(resource);
    else {
      this.#problems.set(resource, messageOf(error));
      this.#options.onError(resource, error);
    }
    this.#checkSynced();
  }

  /** A kind that cannot be listed must not keep all others from being judged: its problem is reported. */
  #checkSynced(): void {
    if (this.#synced) return;
    const isOpen = ({ synced, resource }: KindWatch): boolean => !synced && !this.#problems.has(resource) && !this.#missing.has(resource);
    if (this.#watches.some(isOpen)) return;
    this.#synced = true;
    this.#options.onSynced();
  }
}

const resourceOf = ({ apiVersion, kind, resource }: WatchedKind): ApiResource => {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const builtin = builtinResources.find((known) => known.kind === kind && known.group === group);
  return { group, version, resource, kind, namespaced: builtin?.namespaced ?? true };
};
