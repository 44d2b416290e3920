import type { PendingChanges } from './pending-changes.ts';
import { ChangedTargets, type ChangeBatch } from './changed-targets.ts';
import type { DeferredTargets } from './deferred-targets.ts';

/** A batch that is being judged, and the Scans that ran when it was begun. */
export interface ActiveBatch {
  readonly batch: ChangeBatch;
  readonly scans: ReadonlySet<string>;
  /** How often something had been handed to a Scan by then. */
  readonly handovers: number;
}

/** How the Scan stands that was made of changes. `gone`: it was deleted before it ended. */
export type ChangeScanState = 'running' | 'complete' | 'failed' | 'gone';

/**
 * Where each change is on its way to a verdict: it waits, is at work, is judged while a Scan runs, or is handed to a Scan. A change
 * leaves only when it was judged after it happened, and no Scan that read the object before can still write. Pure: it holds no clock and
 * reads nothing. Scans are told apart by any key, such as a uid. Bounded by the number of targets and of Scans that run.
 */
export class ChangeBacklog {
  readonly pending: PendingChanges;
  readonly #most: number;
  #handovers = 0;
  /** What was judged while a Scan ran, whose older verdicts may come after: by the Scan. */
  readonly #afterScans = new Map<string, ChangedTargets>();
  /** What a Scan has, and the other Scans that ran when it was given it. */
  #handed: { readonly scan: string; readonly deferred: DeferredTargets; readonly others: ReadonlySet<string> } | undefined;

  /** `most`: so many targets at most are known one by one, for each Scan that runs. */
  constructor(pending: PendingChanges, most: number) {
    this.pending = pending;
    this.#most = most;
  }

  /** Begins to judge what waits in a namespace, while these Scans run; undefined when nothing waits. */
  take(namespace: string, running: ReadonlySet<string>): ActiveBatch | undefined {
    const batch = this.pending.take(namespace);
    return batch && { batch, scans: running, handovers: this.#handovers };
  }

  /** A batch could not be judged: it waits again. */
  failed({ batch }: ActiveBatch): void {
    this.pending.restore(batch);
  }

  /**
   * A batch was judged, and these Scans run now. It is judged once more when those have ended that ran meanwhile; at once, if later changes
   * were handed to a Scan meanwhile, which may have ended before the batch did. Returns the namespaces in which something waits now.
   */
  evaluated({ batch, scans, handovers }: ActiveBatch, running: ReadonlySet<string>): readonly string[] {
    const again = handovers === this.#handovers ? [] : [batch.namespace];
    if (again.length > 0) this.pending.restore(batch);
    for (const scan of new Set([...scans, ...running])) this.#after(scan).addBatch(batch);
    return [...again, ...this.setRunningScans(running)];
  }

  /** These Scans run now. Returns the namespaces in which something waits because another one has ended. */
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

  /** Whether something waits for a Scan to end. */
  get waitsForScans(): boolean {
    return this.#afterScans.size > 0;
  }

  /** The Scan that has what was too much to be judged here. */
  get handedOverTo(): string | undefined {
    return this.#handed?.scan;
  }

  /**
   * Gives what is too much to be judged here to a Scan of this key, while these other Scans run, and keeps all that comes later.
   * Undefined when there is nothing, or one has it already.
   */
  handOver(scan: string, running: ReadonlySet<string>): DeferredTargets | undefined {
    const { deferred } = this.pending;
    if (this.#handed !== undefined || deferred.isEmpty) return undefined;
    this.#handovers++;
    this.#handed = { scan, deferred: deferred.take(), others: running };
    return this.#handed.deferred;
  }

  /**
   * How the Scan stands. What it did not judge waits for another one; so does what it judged, once those have ended that ran before it:
   * they may write older verdicts after it. Returns whether it judged nothing, and all of it waits.
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
