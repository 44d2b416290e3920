import type { KubeObject } from '../../api/metadata.ts';
import type { Scan } from '../../api/scan.ts';
import type { ReportTracker } from '../../reports/sweeping/report-tracker.ts';
import type { ShardCollector } from '../attempts/shard-collector.ts';
import { JobState } from '../../jobs/job-state.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { jobStateOptions } from '../attempts/attempt-waits.ts';
import { collectedScan } from '../attempts/collected-scan.ts';
import type { ScanJobs } from '../attempts/scan-jobs.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { KnownPolicies } from '../../policies/policy-presence.ts';

/** What {@link ScanVerifier} uses. */
export interface VerifierDependencies extends KnownPolicies {
  readonly log: Pick<Logger, 'info'>;
}

/** Takes results in again whose reports were changed or removed while their scan went on. */
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
   * Brings the reports of doubtful shards to what their pods' logs say; a log that is gone by now was accepted once, and is not asked
   * for again. Returns whether anything was doubtful: then what reports say has to be read again.
   */
  async verify(scan: Scan, ledger: Ledger, { seen, signal }: { seen: ReportTracker; signal: AbortSignal }): Promise<boolean> {
    const done = ledger.shards.flatMap(({ state }, shard) => (state === 'done' ? [shard] : []));
    const doubtful = seen.shardsToRepeat(done);
    for (const shard of doubtful) {
      const pod = await this.#podOf(ledger, shard);
      const context = collectedScan(this.#deps, { scan, ledger, shard, seen, signal });
      // What the second sweep is to ask about must not count as seen: its object may be gone.
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
