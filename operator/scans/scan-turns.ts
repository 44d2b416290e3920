import { ANNOTATIONS, LABELS } from '../api/group.ts';
import type { Scan } from '../api/scan.ts';
import type { ScanHold } from '../api/scan-hold.ts';

/** Who had a Scan made. */
export type Trigger = 'person' | 'generation' | 'schedule';

/**
 * How Scans take turns. `weight`: where several kinds wait, each gets running Scans in this proportion, and at least its next turn.
 * `lead`: so many milliseconds longer than one of this kind must another have waited to go first, where both are due.
 */
const shares: Readonly<Record<Trigger, { readonly weight: number; readonly lead: number }>> = {
  person: { weight: 4, lead: 1_800_000 },
  generation: { weight: 2, lead: 600_000 },
  schedule: { weight: 1, lead: 0 },
};

/** Who had a Scan made: what Vigil did not label was made by a person. */
export function triggerOf({ metadata: { labels = {}, annotations = {} } }: Scan): Trigger {
  if (annotations[ANNOTATIONS.generations] !== undefined) return 'generation';
  return labels[LABELS.schedule] !== undefined || labels[LABELS.trigger] !== undefined ? 'schedule' : 'person';
}

/** What Scans there are. */
export interface ScanQueue {
  /** Those that have not ended and wait for their turn. */
  readonly waiting: readonly Scan[];
  /** Those that have begun, and not ended. */
  readonly running: readonly Scan[];
  /** So many run at once. */
  readonly limit: number;
}

const bornAt = ({ metadata: { creationTimestamp } }: Scan): number => Date.parse(creationTimestamp ?? '') || 0;
const rankOf = (scan: Scan): number => bornAt(scan) - shares[triggerOf(scan)].lead;
const inOrder = (a: Scan, b: Scan): number => rankOf(a) - rankOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1);

/**
 * The waiting Scans in the order in which they get their turn. The kind that has the fewest running for its weight comes next; of
 * those that have equally few the Scan that waits longest, with a lead for what people wait for. Nobody starves: a Scan that was
 * made later overtakes by its kind's lead at most. Pure, and the same from any process.
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

/** What a Scan waits for, where it is not its turn yet; undefined when it may begin. Pure. */
export function waitReason(scan: Scan, all: ScanQueue): ScanHold | undefined {
  const place = turnOrder(all).findIndex(({ metadata }) => metadata.uid === scan.metadata.uid);
  if (place < Math.max(all.limit - all.running.length, 0)) return undefined;
  const limit = `at most ${all.limit} Scans run at once (--max-concurrent-scans)`;
  return { reason: 'Queued', message: `waits for one of ${all.running.length} running Scans to end: ${limit}` };
}
