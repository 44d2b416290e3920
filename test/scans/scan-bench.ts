import type { Scan, ScanStatus } from '../../operator/api/kinds/scan.ts';
import type { EventText } from '../../operator/controller/event-recorder.ts';
import { catalogueVersion } from '../../operator/engine/evaluation-revision.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { StoredLedger } from '../../operator/scans/ledger/ledger-store.ts';
import { jobCreated, newLedger, shardCollected, shardFailed, type Ledger, type Uncovered } from '../../operator/scans/ledger/ledger.ts';
import { emptySeverities } from '../../operator/findings/tally.ts';
import type { ScanLifeDependencies } from '../../operator/scans/scan-reconciler.ts';
import type { ScanSteps } from '../../operator/scans/scan-steps.ts';

const shard = { slices: [{ resource: 0, namespace: 'a', targets: 10, policies: { p: 10 } }], pageSize: 500 };
const start = {
  startTime: '2026-01-01T00:00:00Z',
  catalogue: catalogueVersion,
  partial: false,
  policies: [],
  input: ['in'],
  uncovered: [],
  excludedNamespaces: 0,
};

/** A ledger with shards of ten targets each, whose Job runs. */
export const ledgerOf = (shards = 2): Ledger =>
  jobCreated(newLedger(start, { name: 'a1', shards: Array.from({ length: shards }, () => shard), configMaps: ['m'] }), 'a1');

/** The ledger with one more shard collected. */
export const collect = (ledger: Ledger, at: number): Ledger =>
  shardCollected(ledger, at, {
    scanned: 10,
    failed: 0,
    unread: {},
    policies: {},
    new: emptySeverities(),
    fixed: emptySeverities(),
    uncovered: [],
    rest: [],
    peakMebibytes: 1,
  });

/** The ledger with one shard failed for good. */
export const giveUp = (ledger: Ledger, at: number): Ledger => shardFailed(ledger, at, { class: 'Permanent', message: 'broken' });

/** A Scan as the API server has it. */
export function scanOf(name = 's', status?: ScanStatus, more: Partial<Scan['metadata']> & { spec?: Scan['spec'] } = {}): Scan {
  const { spec = {}, ...metadata } = more;
  return {
    metadata: { name, uid: `u-${name}`, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '1', ...metadata },
    spec,
    ...(status && { status }),
  };
}

/** An API server and a cache with Scans, for a controller under test. */
export class ScanBench {
  readonly live = new Map<string, Scan>();
  /** The Scans that the watch has delivered. */
  readonly cached = new Map<string, Scan>();
  readonly written: ScanStatus[] = [];
  readonly recorded: EventText[] = [];
  readonly counted: string[] = [];
  now = Date.parse('2026-01-01T00:01:00Z');

  constructor(...scans: readonly Scan[]) {
    for (const scan of scans) this.put(scan);
  }

  put(scan: Scan): void {
    this.live.set(scan.metadata.name, scan);
    this.cached.set(scan.metadata.name, scan);
  }

  /** Delivers everything to the watch. */
  catchUp(): void {
    this.cached.clear();
    for (const [name, scan] of this.live) this.cached.set(name, scan);
  }

  readonly scans = {
    get: (name: string): Scan | undefined => this.cached.get(name),
    list: (): readonly Scan[] => [...this.cached.values()],
  };

  readonly client = {
    get: (_resource: unknown, { name }: { name: string }): Promise<Scan> => {
      const scan = this.live.get(name);
      return scan ? Promise.resolve(scan) : Promise.reject(new KubeApiError(`no Scan ${name}`, { status: 404 }));
    },
    apply: (_resource: unknown, { metadata, status }: Scan): Promise<Scan> => {
      const scan = this.live.get(metadata.name);
      if (!scan) return Promise.reject(new KubeApiError('gone', { status: 404 }));
      if (metadata.resourceVersion !== scan.metadata.resourceVersion) return Promise.reject(new KubeApiError('conflict', { status: 409 }));
      const resourceVersion = String(Number(scan.metadata.resourceVersion) + 1);
      this.live.set(metadata.name, { ...scan, metadata: { ...scan.metadata, resourceVersion }, ...(status && { status }) });
      if (status) this.written.push(status);
      return Promise.resolve(scan);
    },
    delete: (_resource: unknown, { name }: { name: string }): Promise<void> => {
      this.live.delete(name);
      return Promise.resolve();
    },
  };

  readonly events = { record: (_resource: unknown, _object: unknown, text: EventText): void => void this.recorded.push(text) };
  readonly log = { info: () => undefined, warn: () => undefined, debug: () => undefined, error: () => undefined };
  readonly metrics = {
    scans: { inc: ({ phase }: { phase: string }): void => void this.counted.push(phase) },
    scanSeconds: { observe: (): void => undefined },
  };
  readonly clock = (): number => this.now;

  /** The dependencies of a Scan controller. */
  dependencies(maxConcurrentScans = 4): ScanLifeDependencies {
    return { ...this.parts, maxConcurrentScans, steady: this.clock } as unknown as ScanLifeDependencies;
  }

  get parts(): object {
    const { client, scans, clock, events, log, metrics } = this;
    return { client, scans, clock, events, log, metrics };
  }
}

/** A ledger in memory, and steps with results that a test sets. */
export class StepsBench implements ScanSteps {
  kept: StoredLedger | undefined;
  readonly done: string[] = [];
  next: Ledger = collect(collect(ledgerOf(), 0), 1);
  /** The errors that steps throw, by name; each once. */
  readonly failures = new Map<string, Error>();

  readonly #do = (what: string): void => {
    this.done.push(what);
    const error = this.failures.get(what);
    this.failures.delete(what);
    if (error) throw error;
  };

  readonly store: ScanSteps['store'] = {
    read: () => Promise.resolve(this.kept),
    update: (_scan, { ledger }) => Promise.resolve((this.kept = { ledger, resourceVersion: '2', pieces: [] })),
    remove: () => {
      this.done.push('remove');
      this.kept = undefined;
      return Promise.resolve();
    },
  };
  readonly begin: ScanSteps['begin'] = async () => {
    await Promise.resolve();
    this.#do('begin');
    return (this.kept = { ledger: ledgerOf(), resourceVersion: '1', pieces: [] });
  };
  readonly advance: ScanSteps['advance'] = async () => {
    await Promise.resolve();
    this.#do('advance');
    this.kept = {
      ledger: { ...this.next, ...(this.kept?.ledger.endTime ? { endTime: this.kept.ledger.endTime } : {}) },
      resourceVersion: '2',
      pieces: [],
    };
    return { stored: this.kept, settled: this.next.shards.every(({ state }) => state === 'done' || state === 'error') };
  };
  /** The kinds that are not served at the end. */
  unservedKinds: readonly Uncovered[] = [];
  readonly unserved: ScanSteps['unserved'] = () => Promise.resolve(this.unservedKinds);
  readonly finish: ScanSteps['finish'] = async (_scan, ledger) => {
    await Promise.resolve();
    this.#do(`finish ${ledger.endTime ?? 'without a time'}`.replace(/ 2026.*T/, ' '));
    return { images: undefined, exceptions: {} };
  };
  readonly clear = (): Promise<number> => Promise.resolve(0);
}
