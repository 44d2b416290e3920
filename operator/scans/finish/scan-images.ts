import { isFinished, type Scan, type ScanImages } from '../../api/scan.ts';
import { imageChanges } from '../../reports/sweeping/image-changes.ts';
import type { Span } from '../../reports/building/change-history.ts';
import type { LedgerPolicy } from '../ledger/ledger.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { Lister } from '../../kube/watch/lister.ts';
import type { SecurityPolicy } from '../../api/security-policy.ts';
import { timestampOf } from '../../api/timestamp.ts';

/** What {@link scanImages} uses. */
export interface ScanImagesDependencies {
  readonly client: KubeClient;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
  readonly scans: Pick<Lister<Scan>, 'list'>;
  /** In milliseconds since the epoch, when the look at images began that still writes reports; undefined while none does. */
  readonly imageSyncStart: () => number | undefined;
}

/** Of what a scan that ends counts the changes in images. */
export interface ScannedImages {
  readonly policies: readonly LedgerPolicy[];
  readonly includesNamespace: (namespace: string | undefined) => boolean;
  readonly signal: AbortSignal;
}

/**
 * What came and went in images since the Scan before, for each policy of this one that asks about them; undefined where none does.
 * Images are looked into all the time, so their reports keep when that was.
 */
export async function scanImages(
  deps: ScanImagesDependencies,
  scan: Scan,
  { policies, includesNamespace, signal }: ScannedImages,
): Promise<ScanImages | undefined> {
  const asking = policies.filter(({ name }) => deps.policies.get(name)?.spec.images !== undefined);
  if (asking.length === 0) return undefined;
  // What is written by a look that goes on is dated with its beginning: the next Scan counts it.
  const until = Math.floor(Math.min(deps.clock(), deps.imageSyncStart() ?? Number.POSITIVE_INFINITY) / 1000);
  const spans = new Map<string, Span>();
  for (const { name } of asking) {
    const from = countedUntil(deps, scan, name);
    if (from !== undefined) spans.set(name, { from: from / 1000, until });
  }
  const since = Math.min(...[...spans.values()].map(({ from }) => from));
  const changed = await imageChanges(deps.client, { spans, includesNamespace, signal });
  return { ...(spans.size > 0 ? { since: timestampOf(since * 1000) } : {}), until: timestampOf(until * 1000), ...changed };
}

/** Until when an earlier Scan of all namespaces has counted for a policy, in milliseconds since the epoch; undefined when none has. */
export function countedUntil(
  { scans, policies }: Pick<ScanImagesDependencies, 'scans' | 'policies'>,
  scan: Scan,
  policy: string,
): number | undefined {
  const others = scans.list().filter((other) => other.metadata.uid !== scan.metadata.uid && other.spec.namespaces === undefined);
  const counting = others.filter((other) => isFinished(other) && other.status?.policies?.some(({ name }) => name === policy));
  const times = counting.map(({ status }) => Date.parse(status?.images?.until ?? '')).filter((time) => !Number.isNaN(time));
  if (times.length > 0) return Math.max(...times);
  const last = Date.parse(policies.get(policy)?.status?.lastScanTime ?? '');
  return Number.isNaN(last) ? undefined : last;
}
