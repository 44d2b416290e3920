import { RESOURCES } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import { MOST_SCAN_POLICIES, type Scan } from '../api/scan.ts';
import type { PendingChanges } from '../change/pending-changes.ts';
import { isFinished } from '../scan/scan-status.ts';
import type { World } from './world.ts';

/** The most namespaces that a Scan of a burst names; beyond, it looks everywhere. */
const mostNamespaces = 200;
/** How long such a Scan is kept, in seconds. */
const keptSeconds = 3600;
/** How long the cache may not know of a Scan that was just made, in milliseconds. */
const unseenMilliseconds = 30_000;

/** Makes one Scan of what changed where so much changed that a Scan is cheaper; never a second one while one of its runs. */
export class ChangeBurst {
  readonly #world: World;
  /** The Scan that was made last, and when. */
  #last: { readonly name: string; readonly at: number } | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Gives everything that waits to a Scan. Returns whether it did: not while the one before it runs. */
  async scan(pending: PendingChanges, policies: readonly string[]): Promise<boolean> {
    if (this.#runs()) return false;
    const { client, log, clock } = this.#world;
    const { namespaces, size } = pending;
    const name = `change-${clock().toString(36)}`;
    this.#last = { name, at: clock() };
    const some = !namespaces.includes('') && namespaces.length <= mostNamespaces;
    const spec = {
      // More than a Scan may name are most likely all that there are.
      ...(policies.length <= MOST_SCAN_POLICIES ? { policies: [...policies] } : {}),
      ...(some ? { namespaces: { include: [...namespaces] } } : {}),
      ttlSecondsAfterFinished: keptSeconds,
    };
    const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.trigger]: 'change' };
    await client.create<Scan>(RESOURCES.scans, { metadata: { name, labels }, spec } as Scan);
    pending.clear();
    log.info({ scan: name, targets: size }, 'so much changed that it is scanned');
    return true;
  }

  #runs(): boolean {
    const { scans, clock } = this.#world;
    // The cache may not know yet of the one that was made last.
    const unseen = this.#last !== undefined && scans.get(this.#last.name) === undefined && clock() - this.#last.at < unseenMilliseconds;
    return unseen || scans.list().some((scan) => scan.metadata.labels?.[LABELS.trigger] === 'change' && !isFinished(scan));
  }
}
