import type { Scan } from '../../api/kinds/scan.ts';
import type { ReportTracker } from '../../reports/sweeping/report-tracker.ts';
import type { CollectedScan } from './shard-collector.ts';
import { evaluatedSince } from '../../reports/publishing/evaluated-since.ts';
import type { Ledger, LedgerPolicy } from '../ledger/ledger.ts';
import { scanHash } from '../ledger/names.ts';
import { isCurrent, type KnownPolicies } from '../../policies/policy-presence.ts';

/** The parts of a Scan that the collector needs for one shard. */
export function collectedScan(
  deps: KnownPolicies,
  { scan, ledger, shard, seen, signal }: { scan: Scan; ledger: Ledger; shard: number; seen: ReportTracker; signal: AbortSignal },
): CollectedScan {
  return {
    id: scanHash(scan.metadata.uid ?? ''),
    seconds: Math.floor(Date.parse(ledger.startTime) / 1000),
    policies: ledger.policies,
    catalogue: ledger.catalogue,
    isAlive: (policy: LedgerPolicy) => isCurrent(deps, policy),
    evaluatedSince: (policy: LedgerPolicy) => evaluatedSince(deps.policies.get(policy.name), policy),
    onReport: (key, version) => seen.recordUpToDate(key, shard, version),
    signal,
  };
}
