import type { Scan } from '../api/kinds/scan.ts';
import { explainMissingCrd } from './missing-crd.ts';
import { ShardCollector } from './attempts/shard-collector.ts';
import { LedgerStore, type StoredLedger } from './ledger/ledger-store.ts';
import type { Ledger, Uncovered } from './ledger/ledger.ts';
import { RescanStore } from './rescan/rescan-store.ts';
import type { ScanMemory } from './attempts/scan-memory.ts';
import { ScanAttempts, type AdvanceContext, type AdvanceResult, type ScanAttemptsDependencies } from './attempts/scan-attempts.ts';
import { finishScan, type FinishDependencies } from './finish/scan-finish.ts';
import { ScanJobs, type ScanJobsDependencies } from './attempts/scan-jobs.ts';
import { beginScan, type BeginResult, type PlanDependencies } from './scan-plan.ts';
import { unservedKinds } from './plan/unserved-kinds.ts';
import { ScanVerifier } from './finish/scan-verify.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The steps of a Scan. Each of them may be repeated. */
export interface ScanSteps {
  readonly store: Pick<LedgerStore, 'read' | 'update' | 'remove'>;
  /** Plans the scan and stores the plan. */
  readonly begin: (
    scan: Scan,
    context: { readonly startTime: string; readonly memory: ScanMemory; readonly signal: AbortSignal },
  ) => Promise<BeginResult>;
  /** Runs the Jobs and collects their results. */
  readonly advance: (scan: Scan, stored: StoredLedger, context: AdvanceContext) => Promise<AdvanceResult>;
  /** The kinds of the plan that are not served any more. */
  readonly unserved: (ledger: Ledger) => Promise<readonly Uncovered[]>;
  /** Sweeps the reports and updates the status of the policies. */
  readonly finish: (
    scan: Scan,
    ledger: Ledger,
    context: { readonly memory: ScanMemory; readonly signal: AbortSignal },
  ) => ReturnType<typeof finishScan>;
  /** Deletes the Jobs of a scan that has no plan. Returns their number. */
  readonly clear: (scan: Scan) => Promise<number>;
}

/** The dependencies of the steps of a Scan. */
export interface ScanStepsDependencies extends PlanDependencies, ScanAttemptsDependencies, FinishDependencies, ScanJobsDependencies {
  readonly client: KubeClient;
  readonly publisher: ReportPublisher;
  readonly log: Logger;
  readonly metrics: ScanAttemptsDependencies['metrics'] & FinishDependencies['metrics'];
}

/** Returns the steps of a Scan in the operator. */
export function scanSteps(deps: ScanStepsDependencies): ScanSteps {
  const store = new LedgerStore(deps.client, deps.namespace, deps.log);
  const rescans = new RescanStore(deps.client, deps.namespace, deps.log);
  const jobs = new ScanJobs(deps);
  const parts = { store, collector: new ShardCollector(deps.client, deps.publisher), jobs };
  const attempts = new ScanAttempts(deps, parts);
  const verifier = new ScanVerifier(deps, parts);
  const explained = <T>(step: Promise<T>): Promise<T> => explainMissingCrd(step, () => deps.checkCrds());
  return {
    store,
    begin: (scan, context) => beginScan(deps, store, scan, { ...context, rescans }),
    advance: (scan, stored, context) => explained(attempts.advance(scan, stored, context)),
    unserved: (ledger) => unservedKinds(deps, store, ledger),
    finish: (scan, ledger, { memory: { seen, rescan }, signal }) =>
      explained(finishScan(deps, { scan, ledger, seen, store, verifier, rescan, rescans, signal })),
    clear: (scan) => jobs.clear(scan),
  };
}
