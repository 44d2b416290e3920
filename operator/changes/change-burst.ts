import { RESOURCES } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import { isFinished, MOST_SCAN_POLICIES, type Scan } from '../api/scan.ts';
import type { ChangeBacklog, ChangeScanState } from './change-backlog.ts';
import { isConflict } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';

/** How long such a Scan is kept, in seconds. */
const keptSeconds = 3600;
/** How long the cache may not know of a Scan that was just made, in milliseconds. */
const unseenMilliseconds = 30_000;
/** After a Scan that failed the next one is made later, each time twice as long, in milliseconds. */
const pauses = { first: 15_000, longest: 600_000 };

/** What a burst needs: the way to the API server, and the Scans that are known. */
export interface ChangeBurstDependencies {
  readonly client: Pick<KubeClient, 'create'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds by a clock that never goes back; default performance.now(). */
  readonly steadyClock?: () => number;
  readonly scans: { readonly get: (name: string) => Scan | undefined; readonly list: () => readonly Scan[] };
}

/**
 * Makes one Scan of what changed where so much changed that a Scan is cheaper; never a second one while one of its runs. What a Scan
 * did not judge, because it failed or was deleted, is given to another one.
 */
export class ChangeBurst {
  readonly #own: ChangeBurstDependencies;
  /** When the last Scan was made, by the steady clock. */
  #createdAt = 0;
  #pause = 0;
  /** Not before, by the steady clock. */
  #notBefore = 0;

  constructor(own: ChangeBurstDependencies) {
    this.#own = own;
  }

  readonly #now = (): number => this.#own.steadyClock?.() ?? performance.now();

  /** Why what changed is not judged; undefined while all is well. */
  get problem(): string | undefined {
    return this.#pause === 0 ? undefined : 'the last Scan of many changes failed or was deleted; another one is made';
  }

  /** Looks after the Scan that was made, and makes one of what waits for one. Returns whether to look again. */
  async reconcile(backlog: ChangeBacklog, policies: readonly string[]): Promise<boolean> {
    const { handedOverTo: handedTo } = backlog;
    if (handedTo !== undefined) this.#settle(backlog, handedTo);
    if (backlog.handedOverTo !== undefined) return true;
    if (backlog.pending.deferred.isEmpty) return false;
    if (this.#now() < this.#notBefore || this.#runs()) return true;
    await this.#scan(backlog, policies);
    return true;
  }

  #settle(backlog: ChangeBacklog, scan: string): void {
    const state = this.#stateOf(scan);
    const waits = backlog.settle(state);
    if (state === 'complete') this.#pause = 0;
    if (!waits) return;
    this.#pause = Math.min(Math.max(this.#pause * 2, pauses.first), pauses.longest);
    this.#notBefore = this.#now() + this.#pause;
    this.#own.log.warn({ scan, state, seconds: this.#pause / 1000 }, 'the scan of what changed did not succeed; another one is made');
  }

  #stateOf(name: string): ChangeScanState {
    const scan = this.#own.scans.get(name);
    // The cache may not know yet of the one that was made last.
    if (scan === undefined) return this.#now() - this.#createdAt < unseenMilliseconds ? 'running' : 'gone';
    if (!isFinished(scan)) return 'running';
    return scan.status?.phase === 'Complete' ? 'complete' : 'failed';
  }

  /** What comes in while the Scan is made is no part of it, and waits. */
  async #scan(backlog: ChangeBacklog, policies: readonly string[]): Promise<void> {
    const { client, log, clock } = this.#own;
    const name = `change-${clock().toString(36)}`;
    const deferred = backlog.handOver(name, runningScans(this.#own));
    if (deferred === undefined) return;
    const { namespaces } = deferred;
    const spec = {
      // More than a Scan may name are most likely all that there are.
      ...(policies.length <= MOST_SCAN_POLICIES ? { policies: [...policies] } : {}),
      ...(namespaces === undefined ? {} : { namespaces: { include: [...namespaces] } }),
      ttlSecondsAfterFinished: keptSeconds,
    };
    const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.trigger]: 'change' };
    this.#createdAt = this.#now();
    try {
      await client.create<Scan>(RESOURCES.scans, { metadata: { name, labels }, spec } as Scan);
    } catch (error) {
      // A repeated request of ours: the Scan is there.
      if (!isConflict(error)) {
        backlog.settle('failed');
        throw error;
      }
    }
    log.info({ scan: name, namespaces: namespaces?.length ?? 'all' }, 'so much changed that it is scanned');
  }

  /** Whether a Scan of changes runs that was made by this or an earlier leader. */
  #runs(): boolean {
    return this.#own.scans.list().some((scan) => scan.metadata.labels?.[LABELS.trigger] === 'change' && !isFinished(scan));
  }
}

/** The uids of the Scans that have not ended. */
export const runningScans = ({ scans }: Pick<ChangeBurstDependencies, 'scans'>): ReadonlySet<string> =>
  new Set(scans.list().flatMap((scan) => (isFinished(scan) ? [] : [scan.metadata.uid ?? scan.metadata.name])));
