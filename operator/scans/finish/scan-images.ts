import type { ListClient } from '../../kube/list.ts';
import { isFinished, type Scan, type ScanImages } from '../../api/kinds/scan.ts';
import { imageChanges } from '../../reports/sweeping/image-changes.ts';
import type { Span } from '../../reports/building/change-history.ts';
import type { LedgerPolicy } from '../ledger/ledger.ts';
import type { Lister } from '../../kube/watch/lister.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { timestampOf } from '../../api/timestamp.ts';
import { scannedImages } from '../../api/scanned-images.ts';

/** The dependencies of {@link scanImages}. */
export interface ScanImagesDependencies {
  readonly client: ListClient;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
  readonly scans: Pick<Lister<Scan>, 'list'>;
  /** When the image sync that is writing reports started, in milliseconds since the epoch; undefined if none is running. */
  readonly imageSyncStart: () => number | undefined;
}

/** The policies and namespaces for which a scan counts changes in images. */
export interface ScannedImages {
  readonly policies: readonly LedgerPolicy[];
  readonly includesNamespace: (namespace: string | undefined) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Counts the image findings that appeared and disappeared since the last Scan, for each policy that selects images. Returns undefined if
 * none does. Images are scanned independently of Scans: their reports record when each finding appeared.
 */
export async function scanImages(
  deps: ScanImagesDependencies,
  scan: Scan,
  { policies, includesNamespace, signal }: ScannedImages,
): Promise<ScanImages | undefined> {
  const asking = policies.filter(({ name }) => {
    const policy = deps.policies.get(name);
    return policy !== undefined && scannedImages(policy.spec) !== undefined;
  });
  if (asking.length === 0) return undefined;
  // Reports of a running image sync are dated with its start: the next Scan counts them.
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

/**
 * The time until which an earlier Scan of all namespaces has counted for a policy, in milliseconds since the epoch; undefined if there is
 * none.
 */
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
