import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, LABELS } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { specChanges } from '../controller/object-changes.ts';
import { watches, watchesFor, type WatchedResource } from '../controller/watched-resource.ts';
import { isFinished, type Scan } from '../api/kinds/scan.ts';
import { Controller, type ControllerBasics, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts';
import { ObjectMemory } from '../controller/object-memory.ts';
import { catalogueVersion } from '../engine/evaluation-revision.ts';
import { isNotFound } from '../kube/client/kube-api-error.ts';
import { ShardCollector } from './attempts/shard-collector.ts';
import { InputLost, LedgerConflict, LedgerStore, type StoredLedger } from './ledger/ledger-store.ts';
import type { Ledger, Uncovered } from './ledger/ledger.ts';
import { scanHash } from './ledger/names.ts';
import type { ScanStage } from './status/scan-status.ts';
import { RescanStore } from './rescan/rescan-store.ts';
import { scanCleanupController } from './scan-cleanup.ts';
import { stageAfterFailure } from './scan-failure.ts';
import { ScanMemory } from './attempts/scan-memory.ts';
import { writeScanStatus } from './status/scan-status-writer.ts';
import { waitReason } from './scan-turns.ts';
import { ScanAttempts, type AdvanceContext, type AdvanceResult, type ScanAttemptsDependencies } from './attempts/scan-attempts.ts';
import { finishScan, type FinishDependencies } from './finish/scan-finish.ts';
import { ScanJobs, type ScanJobsDependencies } from './attempts/scan-jobs.ts';
import { beginScan, type BeginResult, type PlanDependencies } from './scan-plan.ts';
import { unservedKinds } from './plan/unserved-kinds.ts';
import { ScanVerifier } from './finish/scan-verify.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ScanHold } from '../api/kinds/scan-hold.ts';
import { timestampOf } from '../api/timestamp.ts';

/** The number of Scans that are reconciled at the same time. */
const workers = 2;
/** Milliseconds between reconciles of a running scan. Changes of its Jobs and pods also trigger one. */
const requeueInterval = 3000;
/** Milliseconds between reconciles of a waiting scan. */
const turnPause = 1000;

/** The key of {@link ScanMemory.waitedFor} for the time since a step last succeeded. */
const success = 'success';

/** The longest pause before a failed step is retried, in milliseconds. The cause may end at any time. */
const longestPause = 30_000;

/** The dependencies of {@link ScanReconciler}. */
export interface ScanLifeDependencies {
  readonly client: Pick<KubeClient, 'apply' | 'get'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly log: Pick<Logger, 'debug' | 'error' | 'info' | 'warn'>;
  readonly metrics: Pick<Metrics, 'scans' | 'scanSeconds' | 'statusRefusals'>;
  /** The most Scans that run at once. */
  readonly maxConcurrentScans: number;
  readonly scans: Lister<Scan>;
  /** Milliseconds by a monotonic clock. Default: the process's. */
  readonly steady?: () => number;
}

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

/** The dependencies of {@link scanController}. */
export type ScanDependencies = ScanStepsDependencies & ScanLifeDependencies & ControllerBasics;

/** Plans Scans, runs their Jobs, collects the results and writes the status. */
export function scanController(deps: ScanDependencies): Controller {
  const reconciler = new ScanReconciler(deps, scanSteps(deps));
  return new Controller({
    name: 'scan',
    log: deps.log,
    observe: deps.observe,
    workers,
    watches: scanWatches(),
    queue: { maxDelay: longestPause },
    reconcile: (name, context) => reconciler.reconcile(name, context),
  });
}

/**
 * Scans, except for changes of their status: the controller writes it, and its writes must not end the pause after a failure. Also the Jobs
 * of Scans and their pods.
 */
export const scanWatches = (): readonly WatchedResource[] => [
  watchesFor(RESOURCES.scans, specChanges()),
  watches(RESOURCES.jobs, scanOf),
  watches(RESOURCES.pods, scanOf),
];

const scanOf = ({ metadata: { annotations } }: KubeObject): readonly string[] => {
  const scan = annotations?.[ANNOTATIONS.scan];
  return scan === undefined ? [] : [scan];
};

/** Deletes the Jobs and ConfigMaps of finished Scans, and the Scans after their time to live. */
export function scanCleanup(deps: ScanDependencies): Controller {
  return scanCleanupController({ ...deps, store: new LedgerStore(deps.client, deps.namespace, deps.log), jobs: new ScanJobs(deps) });
}

function scanSteps(deps: ScanStepsDependencies): ScanSteps {
  const store = new LedgerStore(deps.client, deps.namespace, deps.log);
  const rescans = new RescanStore(deps.client, deps.namespace, deps.log);
  const jobs = new ScanJobs(deps);
  const parts = { store, collector: new ShardCollector(deps.client, deps.publisher), jobs };
  const attempts = new ScanAttempts(deps, parts);
  const verifier = new ScanVerifier(deps, parts);
  /** Names the missing CRD if the API server only returns NotFound. */
  const explained = async <T>(step: Promise<T>): Promise<T> => {
    try {
      return await step;
    } catch (error) {
      const [crd] = isNotFound(error) ? await deps.checkCrds() : [];
      throw crd ? new Error(crd.message, { cause: error }) : error;
    }
  };
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

const identityOf = ({ metadata: { name, uid = '' } }: Scan): { readonly name: string; readonly uid: string } => ({ name, uid });

/**
 * Reconciles Scans. Each step starts from the Scan's ledger and can be repeated without further effect: after a crash, or with another
 * leader, the Scan continues. A Scan that has ended is not changed any more; the cleanup controller deletes what it leaves.
 */
export class ScanReconciler {
  readonly #deps: ScanLifeDependencies;
  readonly #steps: ScanSteps;
  readonly #memory: ObjectMemory<ScanMemory>;
  /** The uids of Scans that this process has started. The watch may be behind. */
  readonly #begun = new Set<string>();

  constructor(deps: ScanLifeDependencies, steps: ScanSteps) {
    this.#deps = deps;
    this.#steps = steps;
    this.#memory = new ObjectMemory(() => new ScanMemory(deps.steady));
  }

  /** The number of Scans in memory. */
  get remembered(): number {
    return this.#memory.size;
  }

  async reconcile(name: string, context: ReconcileContext): Promise<ReconcileResult> {
    const scan = this.#deps.scans.get(name);
    if (!scan || scan.metadata.deletionTimestamp !== undefined || isFinished(scan)) {
      this.#memory.forget(name);
      return {};
    }
    const memory = this.#memory.of(name, scan);
    try {
      const turn = this.#turnOf(scan);
      if (turn) return await this.#wait(scan, turn, memory);
      const result = await this.#stepOrPlanAgain(scan, context, memory);
      memory.stopWaiting(success);
      return result;
    } catch (error) {
      if (context.signal.aborted) throw error;
      // The cache was behind, or another operator writes: requeue to read the current state.
      if (error instanceof LedgerConflict) return { requeueAfter: 500 };
      if (await this.#endAfterFailure(scan, error, memory)) return {};
      throw error;
    }
  }

  async #stepOrPlanAgain(scan: Scan, context: ReconcileContext, memory: ScanMemory): Promise<ReconcileResult> {
    try {
      return await this.#step(scan, context, memory);
    } catch (error) {
      if (!(error instanceof InputLost) || context.signal.aborted) throw error;
      return this.#planAgain(scan, error, memory);
    }
  }

  /** Why a scan has to wait for its turn. From its turn on it counts as running, until it has ended or was deleted. */
  #turnOf(scan: Scan): ScanHold | undefined {
    const unfinished = this.#deps.scans.list().filter((other) => !isFinished(other));
    const uids = new Set(unfinished.map(({ metadata: { uid = '' } }) => uid));
    for (const uid of this.#begun) if (!uids.has(uid)) this.#begun.delete(uid);
    const hasBegun = ({ metadata: { uid = '' }, status }: Scan): boolean => this.#begun.has(uid) || status?.startTime !== undefined;
    if (hasBegun(scan)) return undefined;
    // A Scan that is being deleted does not count, however long its finalizers keep it.
    const present = unfinished.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const running = present.filter(hasBegun);
    const waiting = present.filter((other) => !hasBegun(other));
    const hold = waitReason(scan, { waiting, running, limit: this.#deps.maxConcurrentScans });
    if (!hold) this.#begun.add(scan.metadata.uid ?? '');
    return hold;
  }

  async #wait(scan: Scan, hold: ScanHold, memory: ScanMemory): Promise<ReconcileResult> {
    await this.#write(scan, { stage: 'queued', hold }, memory);
    return { requeueAfter: turnPause };
  }

  async #step(scan: Scan, context: ReconcileContext, memory: ScanMemory): Promise<ReconcileResult> {
    const identity = identityOf(scan);
    let stored = await this.#steps.store.read(identity);
    if (!stored) {
      // The ledger is deleted after the end of its scan. The cache may not have the end yet.
      if (await this.#hasEnded(scan)) return { requeueAfter: requeueInterval };
      // The Jobs of a plan without a ledger work on shards that do not count any more.
      if ((await this.#steps.clear(scan)) > 0) return { requeueAfter: 1000 };
      const begun = await this.#begin(scan, context, memory);
      if (!begun) return {};
      if ('hold' in begun) {
        await this.#writeHold(scan, { stage: 'planning', startTime: this.#startOf(scan), hold: begun.hold }, memory);
        return { requeueAfter: turnPause };
      }
      stored = begun;
    }
    assertOwnPlan(stored.ledger);
    const reportProgress = (ledger: Ledger, hold: ScanHold | undefined): Promise<void> =>
      this.#writeHold(scan, { stage: 'running', ledger, hold }, memory);
    const result = await this.#steps.advance(scan, stored, { ...context, memory, reportProgress });
    return result.settled ? this.#end(scan, result.stored, { ...context, memory }) : { requeueAfter: requeueInterval };
  }

  /** The ledger of a scan that starts now, or why it waits; undefined if it is refused. */
  async #begin(
    scan: Scan,
    { signal }: ReconcileContext,
    memory: ScanMemory,
  ): Promise<Exclude<BeginResult, { refused: unknown }> | undefined> {
    const startTime = this.#startOf(scan);
    // Only once: while planning fails, the status keeps the error.
    if (scan.status?.startTime === undefined) await this.#write(scan, { stage: 'planning', startTime }, memory);
    const begun = await this.#steps.begin(scan, { startTime, memory, signal });
    if (!('refused' in begun)) return begun;
    await this.#refuse(scan, { stage: 'refused', ...begun.refused }, memory);
    return undefined;
  }

  #startOf(scan: Scan): string {
    return (this.#deps.scans.get(scan.metadata.name) ?? scan).status?.startTime ?? timestampOf(this.#deps.clock());
  }

  /** Ends a scan whose shards are all settled. The end time is stored first, so that a repetition writes the same time. */
  async #end(
    scan: Scan,
    settled: StoredLedger,
    { signal, memory }: ReconcileContext & { readonly memory: ScanMemory },
  ): Promise<ReconcileResult> {
    // If another operator has ended it, its policies were updated, and perhaps again by a later scan.
    if (await this.#hasEnded(scan)) return { requeueAfter: requeueInterval };
    let { ledger } = settled;
    if (ledger.endTime === undefined) {
      const uncovered = [...ledger.uncovered, ...(await this.#steps.unserved(ledger))];
      ledger = { ...ledger, uncovered, endTime: timestampOf(this.#deps.clock()) };
      await this.#steps.store.update(identityOf(scan), { ...settled, ledger });
    }
    const images = await this.#steps.finish(scan, ledger, { memory, signal });
    await this.#write(scan, { stage: 'ended', ledger, images }, memory);
    const seconds = Math.round((this.#deps.clock() - Date.parse(ledger.startTime)) / 1000);
    this.#deps.log.info({ scan: scan.metadata.name, seconds }, 'scan finished');
    this.#memory.forget(scan.metadata.name);
    return {};
  }

  /** Ends a scan that is refused or cannot be finished. */
  async #refuse(scan: Scan, stage: Extract<ScanStage, { readonly stage: 'refused' | 'stopped' }>, memory: ScanMemory): Promise<void> {
    await this.#write(scan, stage, memory);
    const { reason, message } = stage;
    this.#deps.events.record(RESOURCES.scans, scan, { type: 'Warning', reason, message });
    this.#deps.log.warn({ scan: scan.metadata.name, reason, message }, 'scan failed');
    this.#memory.forget(scan.metadata.name);
  }

  /** Discards a plan of which a part was deleted. Its results are kept until the new plan finds them again. */
  async #planAgain(scan: Scan, { message }: InputLost, memory: ScanMemory): Promise<ReconcileResult> {
    if (await this.#hasEnded(scan)) return { requeueAfter: requeueInterval };
    this.#deps.log.warn({ scan: scan.metadata.name, reason: message }, 'scan planned again');
    await this.#steps.clear(scan);
    await this.#steps.store.remove(identityOf(scan));
    memory.reset();
    return { requeueAfter: 500 };
  }

  /** Whether a scan has ended or was deleted. Asks the API server, since the cache may be behind. */
  async #hasEnded({ metadata: { name, uid } }: Scan): Promise<boolean> {
    try {
      const live = await this.#deps.client.get<Scan>(RESOURCES.scans, { name });
      return live.metadata.uid !== uid || isFinished(live);
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  /**
   * Writes the error to the status; the results so far are kept. Returns whether the Scan has ended: a step that fails until the deadline
   * of the Scan is not retried.
   */
  async #endAfterFailure(scan: Scan, error: unknown, memory: ScanMemory): Promise<boolean> {
    const failingFor = memory.waitedFor(success);
    try {
      const ledger = (await this.#readable(scan))?.ledger;
      const stage = stageAfterFailure(scan, { error, ledger, failingFor, startTime: this.#startOf(scan), now: this.#deps.clock() });
      if ('message' in stage) {
        await this.#refuse(scan, stage, memory);
        return true;
      }
      await this.#writeHold(scan, stage, memory);
    } catch (second) {
      this.#deps.log.debug({ err: second, scan: scan.metadata.name }, 'scan status not written after an error');
    }
    return false;
  }

  /** The ledger; undefined if there is none that can be read. */
  async #readable(scan: Scan): Promise<StoredLedger | undefined> {
    try {
      return await this.#steps.store.read(identityOf(scan));
    } catch (error) {
      if (error instanceof InputLost) return undefined;
      throw error;
    }
  }

  /** Writes the status, and records one Event for each reason of a hold. */
  async #writeHold(scan: Scan, stage: ScanStage & { readonly hold?: ScanHold | undefined }, memory: ScanMemory): Promise<void> {
    await this.#write(scan, stage, memory);
    const { hold } = stage;
    if (!hold || memory.reportedHolds.has(hold.reason)) return;
    memory.reportedHolds.add(hold.reason);
    this.#deps.events.record(RESOURCES.scans, scan, { type: 'Warning', ...hold });
  }

  async #write(scan: Scan, stage: ScanStage, memory: ScanMemory): Promise<void> {
    const phase = await writeScanStatus(this.#deps, scan, stage, memory);
    if (!phase) return;
    this.#deps.metrics.scans.inc({ phase });
    const made = Date.parse(scan.metadata.creationTimestamp ?? '');
    if (!Number.isNaN(made)) this.#deps.metrics.scanSeconds.observe({ phase }, Math.max(this.#deps.clock() - made, 0) / 1000);
  }
}

/** Throws {@link InputLost} if the plan was made with other controls: workers of this version would evaluate differently. */
function assertOwnPlan({ catalogue }: Ledger): void {
  if (catalogue !== catalogueVersion) throw new InputLost('a version of Vigil with other controls made the plan');
}

/** Selects the Jobs and ConfigMaps of a scan in Vigil's namespace. */
export const scanSelector = (uid: string): string => `${LABELS.scan}=${scanHash(uid)}`;
