import type { ListClient } from '../kube/list.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { inventoryJobFilter } from './jobs/image-access.ts';
import type { ImageLedger } from './ledger/image-ledger.ts';
import type { PreviousImages } from './targets/image-targets.ts';
import { NodePlatforms } from './targets/node-platforms.ts';
import { clusterPlatforms } from './targets/cluster-platforms.ts';
import { readImageScope, type ImageScope } from './targets/image-scope.ts';
import type { ImageSettings } from './image-settings.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Milliseconds for which a listing is reused while Jobs run. */
export const longestSyncPause = 60_000;

/** The dependencies of {@link ImageSync}. */
export interface ImageSyncDependencies {
  readonly client: ListClient;
  readonly log: Logger;
  /** Includes Vigil's own namespace. */
  readonly systemNamespaces: readonly string[];
  readonly images: Pick<ImageSettings, 'imageInterval'>;
}

/** Lists the running images of the policies' scopes. Reuses the last listing until it is too old or the policies change. */
export class ImageSync {
  readonly #deps: ImageSyncDependencies;
  #ran: PreviousImages = new Map();
  #last: { readonly at: number; readonly asking: string; readonly scope: ImageScope } | undefined;

  constructor(deps: ImageSyncDependencies) {
    this.#deps = deps;
  }

  /** Returns the scope of these policies, the time of its listing in milliseconds since the epoch, and whether it was listed just now. */
  async read(
    now: number,
    policies: readonly SecurityPolicy[],
    { ledger, signal }: { readonly ledger: ImageLedger; readonly signal: AbortSignal },
  ): Promise<{ readonly scope: ImageScope; readonly listedAt: number; readonly isNew: boolean }> {
    const { client, systemNamespaces, images } = this.#deps;
    const asking = policies.map(({ metadata: { uid, generation } }) => `${uid ?? ''} ${generation ?? 0}`).join();
    const maxAge = Math.min(longestSyncPause, images.imageInterval * 1000);
    if (this.#last?.asking === asking && now - this.#last.at < maxAge && now >= this.#last.at)
      return { scope: this.#last.scope, listedAt: this.#last.at, isNew: false };
    this.#last = undefined;
    // Without a policy, only the ledger is cleaned up.
    const platforms = policies.length === 0 ? new NodePlatforms() : await clusterPlatforms(this.#deps, signal);
    const options = { systemNamespaces, platforms, isVigilJob: inventoryJobFilter(ledger), before: this.#ran, signal };
    const scope = await readImageScope(client, policies, options);
    this.#ran = scope.imagesByReference;
    this.#last = { at: now, asking, scope };
    return { scope, listedAt: now, isNew: true };
  }

  /** Drops the last listing. The next read lists again. */
  forget(): void {
    this.#last = undefined;
  }
}
