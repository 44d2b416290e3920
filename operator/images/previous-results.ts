import type { ReportResult } from '../api/policy-report.ts';
import { IMAGE_SCAN, SECRET, STALE, type TargetResults } from './image-results.ts';

/** By policy, the containers of a workload of whose images not all is known yet. */
export type PendingContainers = ReadonlyMap<string, TargetResults['pending']>;

/**
 * What stays of what a report said of a workload's containers of whose images not all is known yet: what was found in the image
 * before, as stale where a try at the new one has failed. Why that one was not scanned is no news of this one. Pure.
 */
export function staysWhile(pending: PendingContainers): (result: ReportResult) => ReportResult | undefined {
  return (result) => {
    const unknown = pending.get(result.policy)?.get(result.properties?.['container'] ?? '');
    if (!unknown || (result.rule === IMAGE_SCAN && result.result !== 'warn')) return undefined;
    if (result.category === SECRET && !unknown.secrets) return undefined;
    return unknown.failed ? { ...result, properties: { ...result.properties, ...STALE } } : result;
  };
}
