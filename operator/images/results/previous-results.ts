import type { ReportResult } from '../../api/kinds/policy-report.ts';
import { STALE } from '../../findings/finding.ts';
import { isShown, IMAGE_SCAN, SECRET, type ImagesPolicy } from './image-results.ts';
import type { Unknown } from './platform-results.ts';

/** The `spec.images` of a policy, and the containers of a workload whose images are not completely scanned. */
export interface PendingContainers {
  readonly images: ImagesPolicy['images'];
  readonly containers: ReadonlyMap<string, Unknown>;
}

/**
 * Returns a function that selects the previous results of a report to carry over, for containers whose images are not completely scanned.
 * Keeps findings that the policy still includes, and marks them as stale if a scan of the new image failed. Does not keep results about the
 * scan itself. Pure.
 */
export function carriedOverResults(pending: ReadonlyMap<string, PendingContainers>): (result: ReportResult) => ReportResult | undefined {
  return (result) => {
    const policy = pending.get(result.policy);
    const unknown = policy?.containers.get(result.properties?.['container'] ?? '');
    if (!policy || !unknown || !isIncluded(policy.images, unknown, result)) return undefined;
    return unknown.failed ? { ...result, properties: { ...result.properties, ...STALE } } : result;
  };
}

/** Whether a policy includes a result, and the current scan has no newer result of this kind. */
function isIncluded(
  { vulnerabilities, secrets }: ImagesPolicy['images'],
  unknown: Unknown,
  { rule, category, severity = 'info', properties }: ReportResult,
): boolean {
  // Results about the scan itself are made again in each pass.
  if (rule === IMAGE_SCAN) return false;
  if (category === SECRET) return unknown.secrets && secrets !== undefined;
  return vulnerabilities !== undefined && isShown(vulnerabilities, { severity, fixed: properties?.['fixed'] });
}
