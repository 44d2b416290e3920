import type { KubeObject } from '../../api/metadata.ts';
import type { Scan } from '../../api/kinds/scan.ts';
import type { ReportTracker } from '../../reports/sweeping/report-tracker.ts';
import type { ShardCollector } from '../attempts/shard-collector.ts';
import { JobState } from '../../jobs/job-state.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { jobStateOptions } from '../attempts/attempt-waits.ts';
import { collectedScan } from '../attempts/collected-scan.ts';
import type { ScanJobs } from '../attempts/scan-jobs.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { KnownPolicies } from '../../policies/policy-presence.ts';

/** The dependencies of {@link ScanVerifier}. */
export interface VerifierDependencies extends KnownPolicies {
  readonly log: Pick<Logger, 'info'>;
}

/** Collects results again if their reports were changed or deleted during the scan. */
export class ScanVerifier {
  readonly #deps: VerifierDependencies;
  readonly #collector: ShardCollector;
  readonly #jobs: ScanJobs;

  constructor(deps: VerifierDependencies, parts: { readonly collector: ShardCollector; readonly jobs: ScanJobs }) {
    this.#deps = deps;
    this.#collector = parts.collector;
    this.#jobs = parts.jobs;
  }

  /**
   * Writes the reports of doubtful shards again from their pods' logs. A log that was deleted was verified once and is not needed. Returns
   * whether any shard was doubtful: then the reports have to be read again.
   */
  async verify(scan: Scan, ledger: Ledger, { seen, signal }: { seen: ReportTracker; signal: AbortSignal }): Promise<boolean> {
    const done = ledger.shards.flatMap(({ state }, shard) => (state === 'done' ? [shard] : []));
    const doubtful = seen.shardsToRepeat(done);
    for (const shard of doubtful) {
      const pod = await this.#podOf(ledger, shard);
      const context = collectedScan(this.#deps, { scan, ledger, shard, seen, signal });
      // Reports that the second sweep checks must not count as verified: their objects may have been deleted.
      if (pod) await this.#collector.collect(pod, { ...context, onReport: () => undefined });
      seen.recordShard(shard);
    }
    if (doubtful.length > 0) this.#deps.log.info({ scan: scan.metadata.name, shards: doubtful.length }, 'reports verified');
    return doubtful.length > 0;
  }

  async #podOf(ledger: Ledger, shard: number): Promise<KubeObject | undefined> {
    const job = ledger.jobs.findLast(({ shards }) => shards.includes(shard));
    const found = job && (await this.#jobs.find(job));
    if (!found) return undefined;
    const state = new JobState(
      found,
      this.#jobs.podsOf(found),
      jobStateOptions(() => 0, Number.POSITIVE_INFINITY),
    ).of(job.shards.indexOf(shard));
    return state.kind === 'finished' ? state.pod : undefined;
  }
}
