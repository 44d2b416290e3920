import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, LABELS } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { specChanges } from '../controller/object-changes.ts';
import { watches, watchesFor, type WatchedResource } from '../controller/watched-resource.ts';
import { isFinished, type Scan } from '../api/scan.ts';
import { Controller, type ControllerBasics, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts';
import { ObjectMemory } from '../controller/object-memory.ts';
import { catalogueVersion } from '../engine/evaluation-revision.ts';
import { isNotFound } from '../kube/kube-api-error.ts';
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
import type { KubeClient } from '../kube/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ScanHold } from '../api/scan-hold.ts';
import { timestampOf } from '../api/timestamp.ts';

/** Scans that are worked on at the same time. */
const workers = 2;
/** Milliseconds between looks at a running scan; its Jobs and pods are watched besides. */
const requeueInterval = 3000;
/** Milliseconds between looks at a scan that waits for its turn. */
const turnPause = 1000;

/** What a Scan waits for whose steps fail, as {@link ScanMemory.waitedFor} knows it. */
const success = 'success';

/** The longest pause before a scan that is held up is tried again, in milliseconds: what held it up may be over at any time. */
const longestPause = 30_000;

/** What the life of a Scan needs beside its steps. */
export interface ScanLifeDependencies {
  readonly client: Pick<KubeClient, 'apply' | 'get'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly log: Pick<Logger, 'debug' | 'error' | 'info' | 'warn'>;
  readonly metrics: Pick<Metrics, 'scans' | 'scanSeconds' | 'statusRefusals'>;
  /** Scans that run at once. */
  readonly maxConcurrentScans: number;
  readonly scans: Lister<Scan>;
  /** Milliseconds that only grow. Default: the process's. */
  readonly steady?: () => number;
}

/** The steps of a Scan, each of which may be repeated. */
export interface ScanSteps {
  readonly store: Pick<LedgerStore, 'read' | 'update' | 'remove'>;
  /** Plans the scan and keeps the plan. */
  readonly begin: (
    scan: Scan,
    context: { readonly startTime: string; readonly memory: ScanMemory; readonly signal: AbortSignal },
  ) => Promise<BeginResult>;
  /** Runs its Jobs, and takes in what is there. */
  readonly advance: (scan: Scan, stored: StoredLedger, context: AdvanceContext) => Promise<AdvanceResult>;
  /** What was judged when the scan was planned, and is not served any more. */
  readonly unserved: (ledger: Ledger) => Promise<readonly Uncovered[]>;
  /** Sweeps, and tells the policies. */
  readonly finish: (
    scan: Scan,
    ledger: Ledger,
    context: { readonly memory: ScanMemory; readonly signal: AbortSignal },
  ) => ReturnType<typeof finishScan>;
  /** Removes the Jobs of a scan that has no plan. Returns how many there were. */
  readonly clear: (scan: Scan) => Promise<number>;
}

/** What the steps of a Scan use. */
export interface ScanStepsDependencies extends PlanDependencies, ScanAttemptsDependencies, FinishDependencies, ScanJobsDependencies {
  readonly client: KubeClient;
  readonly publisher: ReportPublisher;
  readonly log: Logger;
  readonly metrics: ScanAttemptsDependencies['metrics'] & FinishDependencies['metrics'];
}

/** What the controller of Scans uses. */
export type ScanDependencies = ScanStepsDependencies & ScanLifeDependencies & ControllerBasics;

/** Plans Scans, runs their Jobs, takes in what these find, and tells how they stand. */
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
 * Scans, but not for their status: the controller writes that itself, and a write must not end the pause after a failure. And the Jobs of
 * Scans, with their pods.
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

/** Removes what finished Scans leave, and finished Scans when their time is over. */
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
  /** Says which CRD is missing where the server says no more than that something is not found. */
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
 * Each step reads the scan's ledger and goes on from there; what was done twice has the effect of once. So an operator that dies
 * anywhere, or another that takes over, ends the scan as if nothing had happened. A Scan that has ended is not touched any more:
 * what it leaves is cleaned up by a controller of its own.
 */
export class ScanReconciler {
  readonly #deps: ScanLifeDependencies;
  readonly #steps: ScanSteps;
  readonly #memory: ObjectMemory<ScanMemory>;
  /** Scans that this process has begun, by uid: the watch may be behind. */
  readonly #begun = new Set<string>();

  constructor(deps: ScanLifeDependencies, steps: ScanSteps) {
    this.#deps = deps;
    this.#steps = steps;
    this.#memory = new ObjectMemory(() => new ScanMemory(deps.steady));
  }

  /** Scans of which something is remembered. */
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
      // The cache was behind, or another operator writes: look again at what is there now.
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

  /** What a scan waits for whose turn has not come; from its turn on it counts as running, until it has ended or is gone. */
  #turnOf(scan: Scan): ScanHold | undefined {
    const unfinished = this.#deps.scans.list().filter((other) => !isFinished(other));
    const uids = new Set(unfinished.map(({ metadata: { uid = '' } }) => uid));
    for (const uid of this.#begun) if (!uids.has(uid)) this.#begun.delete(uid);
    const hasBegun = ({ metadata: { uid = '' }, status }: Scan): boolean => this.#begun.has(uid) || status?.startTime !== undefined;
    if (hasBegun(scan)) return undefined;
    // One that is being deleted is not worked on, however long its finalizers keep it.
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
      // A ledger goes with the end of its scan, which the cache may not have heard of.
      if (await this.#hasEnded(scan)) return { requeueAfter: requeueInterval };
      // Jobs of a plan whose ledger was deleted work on shards that no longer count.
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

  /** The ledger of a scan that begins now, or what it waits for; undefined for one that cannot. */
  async #begin(
    scan: Scan,
    { signal }: ReconcileContext,
    memory: ScanMemory,
  ): Promise<Exclude<BeginResult, { refused: unknown }> | undefined> {
    const startTime = this.#startOf(scan);
    // Once: while planning is held up, that is what the Scan says.
    if (scan.status?.startTime === undefined) await this.#write(scan, { stage: 'planning', startTime }, memory);
    const begun = await this.#steps.begin(scan, { startTime, memory, signal });
    if (!('refused' in begun)) return begun;
    await this.#refuse(scan, { stage: 'refused', ...begun.refused }, memory);
    return undefined;
  }

  #startOf(scan: Scan): string {
    return (this.#deps.scans.get(scan.metadata.name) ?? scan).status?.startTime ?? timestampOf(this.#deps.clock());
  }

  /** Ends a scan of which nothing is left to run. When that was is kept first, so that a repetition tells the same. */
  async #end(
    scan: Scan,
    settled: StoredLedger,
    { signal, memory }: ReconcileContext & { readonly memory: ScanMemory },
  ): Promise<ReconcileResult> {
    // Another operator may have ended it: then its policies were told, and others may have been since.
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

  /** Ends a scan that cannot be made, or cannot be finished. */
  async #refuse(scan: Scan, stage: Extract<ScanStage, { readonly stage: 'refused' | 'stopped' }>, memory: ScanMemory): Promise<void> {
    await this.#write(scan, stage, memory);
    const { reason, message } = stage;
    this.#deps.events.record(RESOURCES.scans, scan, { type: 'Warning', reason, message });
    this.#deps.log.warn({ scan: scan.metadata.name, reason, message }, 'scan failed');
    this.#memory.forget(scan.metadata.name);
  }

  /** Gives up a plan of which a part was deleted: what it found so far stays, and a new one finds it again. */
  async #planAgain(scan: Scan, { message }: InputLost, memory: ScanMemory): Promise<ReconcileResult> {
    if (await this.#hasEnded(scan)) return { requeueAfter: requeueInterval };
    this.#deps.log.warn({ scan: scan.metadata.name, reason: message }, 'scan planned again');
    await this.#steps.clear(scan);
    await this.#steps.store.remove(identityOf(scan));
    memory.reset();
    return { requeueAfter: 500 };
  }

  /** Whether a scan has ended, or is gone: asked of the server, since the cache may be behind. */
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
   * Says in the Scan what holds it up; what it found so far stays. Returns whether the Scan has ended by that: a step that fails until
   * the deadline of the Scan is not tried again.
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

  /** The ledger; undefined where there is none that can be read. */
  async #readable(scan: Scan): Promise<StoredLedger | undefined> {
    try {
      return await this.#steps.store.read(identityOf(scan));
    } catch (error) {
      if (error instanceof InputLost) return undefined;
      throw error;
    }
  }

  /** Writes how a scan stands; an Event tells what holds it up, once for each reason. */
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

/** Throws {@link InputLost} for what a version of Vigil with other controls planned: its workers judge otherwise. */
function assertOwnPlan({ catalogue }: Ledger): void {
  if (catalogue !== catalogueVersion) throw new InputLost('a version of Vigil with other controls made the plan');
}

/** Selects what belongs to a scan in Vigil's namespace. */
export const scanSelector = (uid: string): string => `${LABELS.scan}=${scanHash(uid)}`;
