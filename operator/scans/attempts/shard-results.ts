import { RESOURCES } from '../../api/api-resource.ts';
import type { Scan } from '../../api/kinds/scan.ts';
import type { ShardCollector } from './shard-collector.ts';
import type { JobFailure } from '../../jobs/job-failure.ts';
import { LogUnavailableError } from '../../jobs/job-log.ts';
import type { JobPod } from '../../jobs/job-pod.ts';
import { shardCollected, shardFailed, type Ledger } from '../ledger/ledger.ts';
import type { ScanMemory } from './scan-memory.ts';
import { collectedScan } from './collected-scan.ts';
import type { KnownPolicies } from '../../policies/policy-presence.ts';
import type { EventRecorder } from '../../controller/event-recorder.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ScanHold } from '../../api/kinds/scan-hold.ts';

/** Milliseconds for which the API server may refuse to write results. */
const writePatience = 60_000;

const isServerFailure = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as { status?: unknown }).status === 500;

/** The dependencies of {@link ShardResults}. */
export interface ShardResultsDependencies extends KnownPolicies {
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: Pick<Metrics, 'shards'>;
}

/** What {@link ShardResults.collect} needs to know of a reconcile. */
export interface CollectContext {
  readonly shard: number;
  readonly pod: JobPod;
  readonly memory: ScanMemory;
  readonly signal: AbortSignal;
}

/** Records the result of each shard in the ledger: its collected results, or its failure. */
export class ShardResults {
  readonly #deps: ShardResultsDependencies;
  readonly #collector: ShardCollector;

  constructor(deps: ShardResultsDependencies, collector: ShardCollector) {
    this.#deps = deps;
    this.#collector = collector;
  }

  /** The ledger after the results of an ended pod were collected or failed. It is unchanged while the node does not return the log. */
  async collect(
    scan: Scan,
    ledger: Ledger,
    { shard, pod, memory, signal }: CollectContext,
  ): Promise<{ readonly ledger: Ledger; readonly hold?: ScanHold }> {
    const what = `write/${pod.metadata.uid ?? ''}`;
    try {
      const result = await this.#collector.collect(pod, collectedScan(this.#deps, { scan, ledger, shard, seen: memory.seen, signal }));
      memory.stopWaiting(what);
      if ('class' in result) return { ledger: this.failed(scan, ledger, { shard, ...result }) };
      memory.seen.recordShard(shard);
      memory.rescan?.collected(shard, result.namespaces);
      this.#deps.metrics.shards.inc({ outcome: 'Succeeded' });
      const { scanned, failed, peakMebibytes } = result;
      this.#deps.log.info({ scan: scan.metadata.name, shard, scanned, failed, peakMebibytes }, 'shard collected');
      return { ledger: shardCollected(ledger, shard, result) };
    } catch (error) {
      if (error instanceof LogUnavailableError) return { ledger, hold: { reason: 'LogUnavailable', message: error.message } };
      if (!isServerFailure(error) || memory.waitedFor(what) < writePatience) throw error;
      memory.stopWaiting(what);
      const message = error instanceof Error ? error.message : String(error);
      return { ledger: this.failed(scan, ledger, { shard, class: 'WriteFailed', message }) };
    }
  }

  /** The ledger after a failed attempt at a shard. Records an Event. */
  failed(scan: Scan, ledger: Ledger, { shard, ...failure }: JobFailure & { readonly shard: number }): Ledger {
    this.#deps.metrics.shards.inc({ outcome: failure.class });
    this.#deps.log.warn({ scan: scan.metadata.name, shard, class: failure.class, message: failure.message }, 'shard attempt failed');
    const next = shardFailed(ledger, shard, failure);
    const follows = next.shards[shard]?.state === 'error' ? 'no attempts are left' : 'it is retried';
    const message = `shard ${shard}: ${failure.message === '' ? failure.class : failure.message}; ${follows}`;
    this.#deps.events.record(RESOURCES.scans, scan, { type: 'Warning', reason: failure.class, message });
    return next;
  }
}
