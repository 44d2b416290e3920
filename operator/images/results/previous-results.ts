import type { ReportResult } from '../../api/policy-report.ts';
import { STALE } from '../../findings/finding.ts';
import { isShown, IMAGE_SCAN, SECRET, type ImagesPolicy } from './image-results.ts';
import type { Unknown } from './platform-results.ts';

/** A policy, and the containers of a workload of whose images not all is known yet. */
export interface PendingContainers {
  readonly images: ImagesPolicy['images'];
  readonly containers: ReadonlyMap<string, Unknown>;
}

/**
 * What stays of what a report said of a workload's containers of whose images not all is known yet, by policy: what was found in the
 * image before and the policy still asks for, as stale where a try at the new one has failed. Why that one was not scanned is no news
 * of this one. Pure.
 */
export function carriedOverResults(pending: ReadonlyMap<string, PendingContainers>): (result: ReportResult) => ReportResult | undefined {
  return (result) => {
    const of = pending.get(result.policy);
    const unknown = of?.containers.get(result.properties?.['container'] ?? '');
    if (!of || !unknown || !isAsked(of.images, unknown, result)) return undefined;
    return unknown.failed ? { ...result, properties: { ...result.properties, ...STALE } } : result;
  };
}

/** Whether a policy asks for a result of which nothing newer is known. */
function isAsked(
  { vulnerabilities, secrets }: ImagesPolicy['images'],
  unknown: Unknown,
  { rule, category, severity = 'info', properties }: ReportResult,
): boolean {
  // What there is to say of the scanning is said anew each time.
  if (rule === IMAGE_SCAN) return false;
  if (category === SECRET) return unknown.secrets && secrets !== undefined;
  return vulnerabilities !== undefined && isShown(vulnerabilities, { severity, fixed: properties?.['fixed'] });
}
