import { ANNOTATIONS, LABELS } from '../api/group.ts';
import { isFinished, type Scan } from '../api/kinds/scan.ts';
import type { ScanHold } from '../api/kinds/scan-hold.ts';
import type { Lister } from '../kube/watch/lister.ts';

/** The cause of a Scan. */
export type Trigger = 'person' | 'generation' | 'schedule';

/**
 * The order of waiting Scans by trigger. `weight`: the share of running Scans that a trigger gets if several wait. `lead`: a Scan of
 * another trigger goes first only if it has waited this many milliseconds longer.
 */
const shares: Readonly<Record<Trigger, { readonly weight: number; readonly lead: number }>> = {
  person: { weight: 4, lead: 1_800_000 },
  generation: { weight: 2, lead: 600_000 },
  schedule: { weight: 1, lead: 0 },
};

/** The cause of a Scan. A Scan without a label of Vigil was created by a user. */
export function triggerOf({ metadata: { labels = {}, annotations = {} } }: Scan): Trigger {
  if (annotations[ANNOTATIONS.generations] !== undefined) return 'generation';
  return labels[LABELS.schedule] !== undefined || labels[LABELS.trigger] !== undefined ? 'schedule' : 'person';
}

/** The Scans that have not ended. */
export interface ScanQueue {
  /** Scans that wait to start. */
  readonly waiting: readonly Scan[];
  /** Scans that have started. */
  readonly running: readonly Scan[];
  /** The most Scans that run at once. */
  readonly limit: number;
}

const bornAt = ({ metadata: { creationTimestamp } }: Scan): number => Date.parse(creationTimestamp ?? '') || 0;
const rankOf = (scan: Scan): number => bornAt(scan) - shares[triggerOf(scan)].lead;
const inOrder = (a: Scan, b: Scan): number => rankOf(a) - rankOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1);

/**
 * The waiting Scans in the order in which they start. The trigger with the fewest running Scans for its weight comes next. Among equals,
 * the Scan that has waited longest comes next, with a lead for Scans of users. Every Scan starts eventually: a later Scan overtakes by the
 * lead of its trigger at most. Pure and deterministic.
 */
export function turnOrder({ waiting, running }: Omit<ScanQueue, 'limit'>): Scan[] {
  const left: Record<Trigger, Scan[]> = { person: [], generation: [], schedule: [] };
  for (const scan of waiting.toSorted(inOrder)) left[triggerOf(scan)].push(scan);
  const taken: Record<Trigger, number> = { person: 0, generation: 0, schedule: 0 };
  for (const scan of running) taken[triggerOf(scan)]++;
  const order: Scan[] = [];
  for (;;) {
    const heads = (Object.keys(left) as Trigger[]).flatMap((trigger) => {
      const [scan] = left[trigger];
      return scan ? [{ trigger, scan, load: taken[trigger] / shares[trigger].weight }] : [];
    });
    const [next] = heads.toSorted((a, b) => a.load - b.load || inOrder(a.scan, b.scan));
    if (!next) return order;
    order.push(next.scan);
    left[next.trigger].shift();
    taken[next.trigger]++;
  }
}

/** Why a Scan has to wait; undefined if it may start. Pure. */
export function waitReason(scan: Scan, all: ScanQueue): ScanHold | undefined {
  const place = turnOrder(all).findIndex(({ metadata }) => metadata.uid === scan.metadata.uid);
  if (place < Math.max(all.limit - all.running.length, 0)) return undefined;
  const limit = `at most ${all.limit} Scans run at once (--max-concurrent-scans)`;
  return { reason: 'Queued', message: `waits for one of ${all.running.length} running Scans to end: ${limit}` };
}

/** The dependencies of {@link ScanTurns}. */
export interface ScanTurnsDependencies {
  /** The most Scans that run at once. */
  readonly maxConcurrentScans: number;
  readonly scans: Pick<Lister<Scan>, 'list'>;
}

/** Decides which Scans may start. Remembers those that did. */
export class ScanTurns {
  readonly #deps: ScanTurnsDependencies;
  /** The uids of Scans that this process has started. The watch may be behind. */
  readonly #begun = new Set<string>();

  constructor(deps: ScanTurnsDependencies) {
    this.#deps = deps;
  }

  /** Why a scan has to wait for its turn. From its turn on it counts as running, until it has ended or was deleted. */
  holdOf(scan: Scan): ScanHold | undefined {
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
}
