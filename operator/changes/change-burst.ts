import { RESOURCES } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import { isFinished, MOST_SCAN_POLICIES, type Scan } from '../api/kinds/scan.ts';
import type { ChangeBacklog, ChangeScanState } from './change-backlog.ts';
import { isConflict } from '../kube/client/kube-api-error.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Seconds for which a change Scan is kept after it has finished. */
const keptSeconds = 3600;
/** Milliseconds that the cache may take to show a Scan that was just created. */
const unseenMilliseconds = 30_000;
/** Milliseconds to wait before the next Scan after a failed one; doubled after each failure. */
const pauses = { first: 15_000, longest: 600_000 };

/** The dependencies of {@link ChangeBurst}. */
export interface ChangeBurstDependencies {
  readonly client: Pick<KubeClient, 'create'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds by a monotonic clock. Default: performance.now(). */
  readonly steadyClock?: () => number;
  readonly scans: { readonly get: (name: string) => Scan | undefined; readonly list: () => readonly Scan[] };
}

/**
 * Creates one Scan for the changes of a burst, if a Scan costs less than single evaluations. Only one such Scan runs at a time. If it fails
 * or is deleted, another Scan gets its targets.
 */
export class ChangeBurst {
  readonly #own: ChangeBurstDependencies;
  /** When the last Scan was created, by the monotonic clock. */
  #createdAt = 0;
  #pause = 0;
  /** The earliest time of the next Scan, by the monotonic clock. */
  #notBefore = 0;

  constructor(own: ChangeBurstDependencies) {
    this.#own = own;
  }

  readonly #now = (): number => this.#own.steadyClock?.() ?? performance.now();

  /** Why changes are not evaluated; undefined if there is no problem. */
  get problem(): string | undefined {
    return this.#pause === 0 ? undefined : 'the last Scan of a burst of changes failed or was deleted; another one is created';
  }

  /** Updates the backlog by the state of the last Scan, and creates a Scan if targets are deferred. Returns whether to call it again. */
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
    this.#own.log.warn({ scan, state, seconds: this.#pause / 1000 }, 'change scan failed; another one is created');
  }

  #stateOf(name: string): ChangeScanState {
    const scan = this.#own.scans.get(name);
    // The cache may not show the latest Scan yet.
    if (scan === undefined) return this.#now() - this.#createdAt < unseenMilliseconds ? 'running' : 'gone';
    if (!isFinished(scan)) return 'running';
    return scan.status?.phase === 'Complete' ? 'complete' : 'failed';
  }

  /** Changes that arrive while the Scan is created are not part of it: they wait. */
  async #scan(backlog: ChangeBacklog, policies: readonly string[]): Promise<void> {
    const { client, log, clock } = this.#own;
    const name = `change-${clock().toString(36)}`;
    const deferred = backlog.handOver(name, runningScans(this.#own));
    if (deferred === undefined) return;
    const { namespaces } = deferred;
    const spec = {
      // A Scan cannot name more policies than that; it then evaluates all policies.
      ...(policies.length <= MOST_SCAN_POLICIES ? { policies: [...policies] } : {}),
      ...(namespaces === undefined ? {} : { namespaces: { include: [...namespaces] } }),
      ttlSecondsAfterFinished: keptSeconds,
    };
    const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.trigger]: 'change' };
    this.#createdAt = this.#now();
    try {
      await client.create<Scan>(RESOURCES.scans, { metadata: { name, labels }, spec } as Scan);
    } catch (error) {
      // A conflict comes from a repeated request: the Scan exists.
      if (!isConflict(error)) {
        backlog.settle('failed');
        throw error;
      }
    }
    log.info({ scan: name, namespaces: namespaces?.length ?? 'all' }, 'change scan created');
  }

  /** Whether a change Scan runs, created by this leader or an earlier one. */
  #runs(): boolean {
    return this.#own.scans.list().some((scan) => scan.metadata.labels?.[LABELS.trigger] === 'change' && !isFinished(scan));
  }
}

/** The uids of the Scans that have not ended. */
export const runningScans = ({ scans }: Pick<ChangeBurstDependencies, 'scans'>): ReadonlySet<string> =>
  new Set(scans.list().flatMap((scan) => (isFinished(scan) ? [] : [scan.metadata.uid ?? scan.metadata.name])));
