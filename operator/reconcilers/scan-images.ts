import { isFinished, type Scan, type ScanImages } from '../api/scan.ts';
import { imageChanges } from '../publish/image-changes.ts';
import type { Span } from '../report/change-history.ts';
import type { LedgerPolicy } from '../scan/ledger.ts';
import type { World } from './world.ts';
import { timestampOf } from '../api/timestamp.ts';

/** Of what a scan that ends counts the changes in images. */
export interface ScannedImages {
  readonly policies: readonly LedgerPolicy[];
  readonly looksAt: (namespace: string | undefined) => boolean;
  readonly signal: AbortSignal;
}

/**
 * What came and went in images since the Scan before, for each policy of this one that asks about them; undefined where none does.
 * Images are looked into all the time, so their reports keep when that was.
 */
export async function scanImages(world: World, scan: Scan, { policies, looksAt, signal }: ScannedImages): Promise<ScanImages | undefined> {
  const asking = policies.filter(({ name }) => world.policies.get(name)?.spec.images !== undefined);
  if (asking.length === 0) return undefined;
  // What is written by a look that goes on is dated with its beginning: the next Scan counts it.
  const until = Math.floor(Math.min(world.clock(), world.imagesBegan() ?? Number.POSITIVE_INFINITY) / 1000);
  const spans = new Map<string, Span>();
  for (const { name } of asking) {
    const from = countedUntil(world, scan, name);
    if (from !== undefined) spans.set(name, { from: from / 1000, until });
  }
  const since = Math.min(...[...spans.values()].map(({ from }) => from));
  const changed = await imageChanges(world.client, { spans, looksAt, signal });
  return { ...(spans.size > 0 ? { since: timestampOf(since * 1000) } : {}), until: timestampOf(until * 1000), ...changed };
}

/** Until when an earlier Scan of all namespaces has counted for a policy, in milliseconds since the epoch; undefined when none has. */
export function countedUntil({ scans, policies }: Pick<World, 'scans' | 'policies'>, scan: Scan, policy: string): number | undefined {
  const others = scans.list().filter((other) => other.metadata.uid !== scan.metadata.uid && other.spec.namespaces === undefined);
  const counting = others.filter((other) => isFinished(other) && other.status?.policies?.some(({ name }) => name === policy));
  const times = counting.map(({ status }) => Date.parse(status?.images?.until ?? '')).filter((time) => !Number.isNaN(time));
  if (times.length > 0) return Math.max(...times);
  const last = Date.parse(policies.get(policy)?.status?.lastScanTime ?? '');
  return Number.isNaN(last) ? undefined : last;
}
