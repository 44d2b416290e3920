import type { SecurityPolicy } from '../api/security-policy.ts';
import { inventoryJobFilter } from './jobs/image-access.ts';
import type { ImageLedger } from './ledger/image-ledger.ts';
import type { PreviousImages } from './targets/image-targets.ts';
import { NodePlatforms } from './targets/node-platforms.ts';
import { clusterPlatforms } from './targets/cluster-platforms.ts';
import { readImageScope, type ImageScope } from './targets/image-scope.ts';
import type { ImageSettings } from './image-settings.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Milliseconds for which what runs is not looked at again while Jobs run. */
export const longestSyncPause = 60_000;

/** What {@link ImageSync} uses. */
export interface ImageSyncDependencies {
  readonly client: KubeClient;
  readonly log: Logger;
  /** Vigil's own namespace among them. */
  readonly systemNamespaces: readonly string[];
  readonly images: Pick<ImageSettings, 'imageInterval'>;
}

/** What runs, as it was seen last: looked at again when it is asked for otherwise, or is old. */
export class ImageSync {
  readonly #deps: ImageSyncDependencies;
  #ran: PreviousImages = new Map();
  #last: { readonly at: number; readonly asking: string; readonly around: ImageScope } | undefined;

  constructor(deps: ImageSyncDependencies) {
    this.#deps = deps;
  }

  /** What runs in scope of these policies, when that was listed in milliseconds since the epoch, and whether that was just now. */
  async read(
    now: number,
    policies: readonly SecurityPolicy[],
    { ledger, signal }: { readonly ledger: ImageLedger; readonly signal: AbortSignal },
  ): Promise<{ readonly around: ImageScope; readonly listedAt: number; readonly anew: boolean }> {
    const { client, systemNamespaces, images } = this.#deps;
    const asking = policies.map(({ metadata: { uid, generation } }) => `${uid ?? ''} ${generation ?? 0}`).join();
    const young = Math.min(longestSyncPause, images.imageInterval * 1000);
    if (this.#last?.asking === asking && now - this.#last.at < young && now >= this.#last.at)
      return { around: this.#last.around, listedAt: this.#last.at, anew: false };
    this.#last = undefined;
    // A ledger without anybody who asks is only swept.
    const platforms = policies.length === 0 ? new NodePlatforms() : await clusterPlatforms(this.#deps, signal);
    const options = { systemNamespaces, platforms, own: inventoryJobFilter(ledger), before: this.#ran, signal };
    const around = await readImageScope(client, policies, options);
    this.#ran = around.imagesByReference;
    this.#last = { at: now, asking, around };
    return { around, listedAt: now, anew: true };
  }

  /** Nothing is going on: what was seen is not needed until it is looked at again. */
  forget(): void {
    this.#last = undefined;
  }
}
