import { RESOURCES } from '../api/api-resource.ts';
import { isFinished, type Scan } from '../api/kinds/scan.ts';
import type { ReconcileContext, ReconcileResult } from '../controller/controller.ts';
import { ObjectMemory } from '../controller/object-memory.ts';
import { catalogueVersion } from '../engine/evaluation-revision.ts';
import { isNotFound } from '../kube/client/kube-api-error.ts';
import { InputLost, LedgerConflict, type StoredLedger } from './ledger/ledger-store.ts';
import type { Ledger } from './ledger/ledger.ts';
import { stageAfterFailure, stageWhileHeld } from './scan-failure.ts';
import { ScanMemory } from './attempts/scan-memory.ts';
import type { BeginResult } from './scan-plan.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ScanHold } from '../api/kinds/scan-hold.ts';
import { timestampOf } from '../api/timestamp.ts';
import { ScanTurns, type ScanTurnsDependencies } from './scan-turns.ts';
import { ScanStatusRecorder, type ScanStatusDependencies, type EndedEarly } from './status/scan-status-recorder.ts';
import type { ScanSteps } from './scan-steps.ts';

/** Milliseconds between reconciles of a running scan. Changes of its Jobs and pods also trigger one. */
const requeueInterval = 3000;
/** Milliseconds between reconciles of a waiting scan. */
const turnPause = 1000;

/** The key of {@link ScanMemory.waitedFor} for the time since a step last succeeded. */
const success = 'success';
/** The key of {@link ScanMemory.waitedFor} for the time for which a hold keeps the Scan from being planned. */
const planning = 'planning';

/** The dependencies of {@link ScanReconciler}. */
export interface ScanLifeDependencies extends ScanTurnsDependencies, ScanStatusDependencies {
  readonly client: ScanStatusDependencies['client'] & Pick<KubeClient, 'get'>;
  readonly log: ScanStatusDependencies['log'] & Pick<Logger, 'info' | 'debug'>;
  readonly scans: Lister<Scan>;
}

const identityOf = ({ metadata: { name, uid = '' } }: Scan): { readonly name: string; readonly uid: string } => ({ name, uid });

/**
 * Reconciles Scans. Each step starts from the Scan's ledger and can be repeated without further effect: after a crash, or with another
 * leader, the Scan continues. A Scan that has ended is not changed any more; the cleanup controller deletes what it leaves.
 */
export class ScanReconciler {
  readonly #deps: ScanLifeDependencies;
  readonly #steps: ScanSteps;
  readonly #status: ScanStatusRecorder;
  readonly #memory: ObjectMemory<ScanMemory>;
  readonly #turns: ScanTurns;

  constructor(deps: ScanLifeDependencies, steps: ScanSteps) {
    this.#deps = deps;
    this.#steps = steps;
    this.#turns = new ScanTurns(deps);
    this.#status = new ScanStatusRecorder(deps);
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
      const turn = this.#turns.holdOf(scan);
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

  async #wait(scan: Scan, hold: ScanHold, memory: ScanMemory): Promise<ReconcileResult> {
    await this.#status.write(scan, { stage: 'queued', hold }, memory);
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
      if ('hold' in begun) return this.#holdPlan(scan, begun.hold, memory);
      memory.stopWaiting(planning);
      stored = begun;
    }
    assertOwnPlan(stored.ledger);
    const reportProgress = (ledger: Ledger, hold: ScanHold | undefined): Promise<void> =>
      this.#status.writeHold(scan, { stage: 'running', ledger, hold }, memory);
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
    if (scan.status?.startTime === undefined) await this.#status.write(scan, { stage: 'planning', startTime }, memory);
    const begun = await this.#steps.begin(scan, { startTime, memory, signal });
    if (!('refused' in begun)) return begun;
    await this.#refuse(scan, { stage: 'refused', ...begun.refused }, memory);
    return undefined;
  }

  /** Waits for the end of a hold, until the deadline of the Scan. */
  async #holdPlan(scan: Scan, hold: ScanHold, memory: ScanMemory): Promise<ReconcileResult> {
    const heldFor = memory.waitedFor(planning);
    const stage = stageWhileHeld(scan, { hold, heldFor, startTime: this.#startOf(scan), now: this.#deps.clock() });
    if (stage.stage === 'planning') {
      await this.#status.writeHold(scan, stage, memory);
      return { requeueAfter: turnPause };
    }
    await this.#refuse(scan, stage, memory);
    return {};
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
    const between = await this.#steps.finish(scan, ledger, { memory, signal });
    await this.#status.write(scan, { stage: 'ended', ledger, ...between }, memory);
    const seconds = Math.round((this.#deps.clock() - Date.parse(ledger.startTime)) / 1000);
    this.#deps.log.info({ scan: scan.metadata.name, seconds }, 'scan finished');
    this.#memory.forget(scan.metadata.name);
    return {};
  }

  /** Ends a scan that is refused or cannot be finished. */
  async #refuse(scan: Scan, stage: EndedEarly, memory: ScanMemory): Promise<void> {
    await this.#status.writeFailure(scan, stage, memory);
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
      await this.#status.writeHold(scan, stage, memory);
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
}

/** Throws {@link InputLost} if the plan was made with other controls: workers of this version would evaluate differently. */
function assertOwnPlan({ catalogue }: Ledger): void {
  if (catalogue !== catalogueVersion) throw new InputLost('a version of Vigil with other controls made the plan');
}
