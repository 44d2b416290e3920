import type { PendingChanges } from './pending-changes.ts';
import { ChangedTargets, type ChangeBatch } from './changed-targets.ts';
import type { DeferredTargets } from './deferred-targets.ts';

/** A batch under evaluation, and the Scans that ran when it was taken. */
export interface ActiveBatch {
  readonly batch: ChangeBatch;
  readonly scans: ReadonlySet<string>;
  /** The number of handovers to a Scan before the batch was taken. */
  readonly handovers: number;
}

/** The state of the Scan that was created for deferred changes. `gone`: deleted before it ended. */
export type ChangeScanState = 'running' | 'complete' | 'failed' | 'gone';

/**
 * Tracks each change until it is evaluated: waiting, under evaluation, evaluated while a Scan runs, or handed over to a Scan. A change
 * leaves only if it was evaluated after it happened and no running Scan that read the older object can still write. Pure: it has no clock
 * and reads nothing. A Scan is identified by any key, such as its uid. The size is bounded by the number of targets and of running Scans.
 */
export class ChangeBacklog {
  readonly pending: PendingChanges;
  readonly #most: number;
  #handovers = 0;
  /** By Scan: targets that were evaluated while it ran. The Scan may write an older verdict later. */
  readonly #afterScans = new Map<string, ChangedTargets>();
  /** The changes that were handed over to a Scan, and the other Scans that ran at that time. */
  #handed: { readonly scan: string; readonly deferred: DeferredTargets; readonly others: ReadonlySet<string> } | undefined;

  /** `most`: the most targets that are kept one by one, for each running Scan. */
  constructor(pending: PendingChanges, most: number) {
    this.pending = pending;
    this.#most = most;
  }

  /** Takes the waiting targets of a namespace for evaluation. `running`: the Scans that run now. Returns undefined if none waits. */
  take(namespace: string, running: ReadonlySet<string>): ActiveBatch | undefined {
    const batch = this.pending.take(namespace);
    return batch && { batch, scans: running, handovers: this.#handovers };
  }

  /** The evaluation of a batch failed: its targets wait again. */
  failed({ batch }: ActiveBatch): void {
    this.pending.restore(batch);
  }

  /**
   * The evaluation of a batch succeeded. `running`: the Scans that run now. The targets are evaluated once more after the Scans that ran
   * meanwhile have ended. They are evaluated at once if later changes were handed over to a Scan meanwhile, since that Scan may have ended
   * before the batch. Returns the namespaces with waiting targets.
   */
  evaluated({ batch, scans, handovers }: ActiveBatch, running: ReadonlySet<string>): readonly string[] {
    const again = handovers === this.#handovers ? [] : [batch.namespace];
    if (again.length > 0) this.pending.restore(batch);
    for (const scan of new Set([...scans, ...running])) this.#after(scan).addBatch(batch);
    return [...again, ...this.setRunningScans(running)];
  }

  /** Sets the Scans that run now. Returns the namespaces whose targets wait again because a Scan has ended. */
  setRunningScans(running: ReadonlySet<string>): readonly string[] {
    const touched = new Set<string>();
    for (const [scan, targets] of this.#afterScans) {
      if (running.has(scan)) continue;
      this.#afterScans.delete(scan);
      for (const namespace of targets.namespaces) touched.add(namespace);
      this.pending.merge(targets);
    }
    return [...touched];
  }

  /** Whether targets wait for a Scan to end. */
  get waitsForScans(): boolean {
    return this.#afterScans.size > 0;
  }

  /** The Scan that has the deferred targets. */
  get handedOverTo(): string | undefined {
    return this.#handed?.scan;
  }

  /**
   * Hands the deferred targets over to a Scan. `running`: the other Scans that run now. Later changes are not part of the handover. Returns
   * undefined if there are no deferred targets, or if another Scan has some.
   */
  handOver(scan: string, running: ReadonlySet<string>): DeferredTargets | undefined {
    const { deferred } = this.pending;
    if (this.#handed !== undefined || deferred.isEmpty) return undefined;
    this.#handovers++;
    this.#handed = { scan, deferred: deferred.take(), others: running };
    return this.#handed.deferred;
  }

  /**
   * Applies the state of the Scan that has the deferred targets. If it failed or was deleted, they are deferred again. If it completed,
   * they are deferred once more after the Scans that ran before it have ended, because these may write older verdicts. Returns whether all
   * of them are deferred again.
   */
  settle(state: ChangeScanState): boolean {
    const handed = this.#handed;
    if (handed === undefined || state === 'running') return false;
    this.#handed = undefined;
    if (state === 'complete') for (const other of handed.others) this.#after(other).deferred.merge(handed.deferred);
    else this.pending.deferred.merge(handed.deferred);
    return state !== 'complete';
  }

  #after(scan: string): ChangedTargets {
    const targets = this.#afterScans.get(scan) ?? new ChangedTargets(this.#most);
    this.#afterScans.set(scan, targets);
    return targets;
  }
}
