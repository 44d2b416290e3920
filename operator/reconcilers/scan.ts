import { isDeepStrictEqual } from 'node:util';
import { RESOURCES } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import { LABELS } from '../api/group.ts';
import type { Scan, ScanStatus } from '../api/scan.ts';
import { Controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import { SeenReports } from '../publish/seen-reports.ts';
import { ShardCollector } from '../publish/shard-collector.ts';
import { InputLost, LedgerConflict, LedgerStore } from '../scan/ledger-store.ts';
import { scanHash } from '../scan/names.ts';
import { isFinished, scanStatus, type ScanStage } from '../scan/scan-status.ts';
import { Attempts } from './scan-attempts.ts';
import { finishScan } from './scan-finish.ts';
import { ScanJobs } from './scan-jobs.ts';
import { beginScan } from './scan-plan.ts';
import { ScanVerifier } from './scan-verify.ts';
import type { World } from './world.ts';

/** Scans that are worked on at the same time. */
const workers = 2;
/** Milliseconds between looks at a running scan; its Jobs and pods are watched besides. */
const lookAgain = 3000;

/** The longest pause before a scan that is held up is tried again, in milliseconds: what held it up may be over at any time. */
const longestPause = 30_000;

/** Plans Scans, runs their Jobs, takes in what these find, and tells how they stand. */
export function scanController(world: World): Controller {
  const reconciler = new ScanReconciler(world);
  return new Controller({
    name: 'scan',
    log: world.log,
    observe: world.observe,
    workers,
    queue: { maxDelay: longestPause },
    reconcile: (name, context) => reconciler.reconcile(name, context),
  });
}

/**
 * Each step reads the scan's ledger and goes on from there; what was done twice has the effect of once. So an operator that dies
 * anywhere, or another that takes over, ends the scan as if nothing had happened.
 */
class ScanReconciler {
  readonly #world: World;
  readonly #store: LedgerStore;
  readonly #jobs: ScanJobs;
  readonly #attempts: Attempts;
  readonly #verifier: ScanVerifier;
  /** By the Scan's uid. */
  readonly #seen = new Map<string, SeenReports>();

  constructor(world: World) {
    this.#world = world;
    this.#store = new LedgerStore(world.client, world.namespace);
    this.#jobs = new ScanJobs(world);
    const parts = { store: this.#store, collector: new ShardCollector(world.client, world.publisher), jobs: this.#jobs };
    this.#attempts = new Attempts(world, parts);
    this.#verifier = new ScanVerifier(world, parts);
  }

  async reconcile(name: string, context: ReconcileContext): Promise<ReconcileResult> {
    const scan = this.#world.scans.get(name);
    if (!scan || scan.metadata.deletionTimestamp !== undefined) return {};
    if (isFinished(scan)) return this.#afterEnd(scan);
    try {
      return await this.#step(scan, context);
    } catch (error) {
      if (context.signal.aborted) throw error;
      // The cache was behind, or another operator writes: look again at what is there now.
      if (error instanceof LedgerConflict) return { requeueAfter: 500 };
      if (error instanceof InputLost) return this.#planAgain(scan, error);
      await this.#tellFailure(scan, error);
      throw error;
    }
  }

  async #step(scan: Scan, context: ReconcileContext): Promise<ReconcileResult> {
    const { name, uid = '' } = scan.metadata;
    const identity = { name, uid };
    let stored = await this.#store.read(identity);
    if (!stored) {
      // A ledger goes with the end of its scan, which the cache may not have heard of.
      if (await this.#hasEnded(scan)) return { requeueAfter: lookAgain };
      // Jobs of a plan whose ledger was deleted work on shards that no longer count.
      if ((await this.#jobs.clear(scan)) > 0) return { requeueAfter: 1000 };
      if (scan.status?.phase === undefined) await this.#write(scan, { stage: 'planning', message: 'finding what is in scope' });
      const begun = await beginScan(this.#world, this.#store, scan, context.signal);
      if ('refused' in begun) {
        await this.#write(scan, { stage: 'refused', ...begun.refused });
        this.#world.events.record(RESOURCES.scans, scan, { type: 'Warning', ...begun.refused });
        return {};
      }
      stored = begun;
    }
    const seen = this.#seen.get(uid) ?? new SeenReports();
    this.#seen.set(uid, seen);
    const tell = (ledger: typeof stored.ledger, message: string): Promise<void> => this.#write(scan, { stage: 'running', ledger, message });
    const moved = await this.#attempts.advance(scan, stored, { ...context, seen, tell });
    if (!moved.settled) return { requeueAfter: lookAgain };
    const { ledger } = moved.stored;
    const images = await finishScan(this.#world, {
      scan,
      ledger,
      seen,
      store: this.#store,
      verifier: this.#verifier,
      signal: context.signal,
    });
    await this.#write(scan, { stage: 'ended', ledger, images });
    await this.#jobs.tidy(ledger);
    await this.#store.remove(identity);
    this.#seen.delete(uid);
    this.#tellEnd(scan, ledger.startTime);
    return {};
  }

  /** Gives up a plan of which a part was deleted: what it found so far stays, and a new one finds it again. */
  async #planAgain(scan: Scan, { message }: InputLost): Promise<ReconcileResult> {
    const { name, uid = '' } = scan.metadata;
    this.#world.log.warn({ scan: name, reason: message }, 'the scan is planned again');
    await this.#jobs.clear(scan);
    await this.#store.remove({ name, uid });
    this.#seen.delete(uid);
    return { requeueAfter: 500 };
  }

  async #hasEnded({ metadata: { name, uid } }: Scan): Promise<boolean> {
    try {
      const live = await this.#world.client.get<Scan>(RESOURCES.scans, { name });
      return live.metadata.uid !== uid || isFinished(live);
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  /** A finished Scan: what a crash left behind goes, and the Scan itself when its time is over. */
  async #afterEnd(scan: Scan): Promise<ReconcileResult> {
    const { name, uid = '' } = scan.metadata;
    const left = await this.#store.read({ name, uid });
    if (left) {
      await this.#jobs.tidy(left.ledger);
      await this.#store.remove({ name, uid });
    }
    const { ttlSecondsAfterFinished } = scan.spec;
    if (ttlSecondsAfterFinished === undefined) return {};
    const due = Date.parse(scan.status?.completionTime ?? '') + ttlSecondsAfterFinished * 1000;
    const wait = due - this.#world.clock();
    if (wait > 0) return { requeueAfter: wait };
    await this.#world.client.delete(RESOURCES.scans, { name }, { uid });
    return {};
  }

  #tellEnd(scan: Scan, startTime: string): void {
    const ended = this.#world.scans.get(scan.metadata.name) ?? scan;
    const seconds = Math.round((this.#world.clock() - Date.parse(startTime)) / 1000);
    const failed = ended.status?.phase === 'Failed';
    this.#world.metrics.scans.add(1, { phase: failed ? 'Failed' : 'Complete' });
    this.#world.log.info({ scan: scan.metadata.name, seconds }, 'the scan has ended');
  }

  /** Says in the Scan what holds it up; what it found so far stays. */
  async #tellFailure(scan: Scan, error: unknown): Promise<void> {
    const message = `held up, and tried again: ${error instanceof Error ? error.message : String(error)}`;
    try {
      const { name, uid = '' } = scan.metadata;
      const stored = await this.#store.read({ name, uid });
      await this.#write(scan, stored ? { stage: 'running', ledger: stored.ledger, message } : { stage: 'planning', message });
    } catch (second) {
      this.#world.log.debug({ err: second, scan: scan.metadata.name }, 'could not say what holds the scan up');
    }
  }

  async #write(scan: Scan, stage: ScanStage): Promise<void> {
    const { name } = scan.metadata;
    const current = this.#world.scans.get(name);
    if (!current || current.metadata.uid !== scan.metadata.uid) return;
    for (let known = current; ;) {
      const status = scanStatus(known, stage, this.#world.clock());
      if (isDeepStrictEqual(known.status, status)) return;
      try {
        await this.#apply(known, status);
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error)) throw error;
        known = await this.#world.client.get<Scan>(RESOURCES.scans, { name });
        if (known.metadata.uid !== scan.metadata.uid) return;
      }
    }
  }

  async #apply({ metadata: { name, resourceVersion = '' } }: Scan, status: ScanStatus): Promise<void> {
    await this.#world.client.apply(RESOURCES.scans, { metadata: { name, resourceVersion }, status } as Scan, {
      sub: 'status',
      manager: FIELD_MANAGERS.scans,
    });
  }
}

/** Selects what belongs to a scan in Vigil's namespace. */
export const scanSelector = (uid: string): string => `${LABELS.scan}=${scanHash(uid)}`;
