import { isExcepted } from '../../findings/waivers/apply-waivers.ts';
import { waivedResults, type AppliedWaivers } from '../../reports/building/waived-results.ts';
import { reportResult } from '../../reports/building/report-result.ts';
import type { DesiredReport } from '../../reports/publishing/report-publisher.ts';

/**
 * The ids of findings that exceptions in force cover for every policy that reports them: what they are about is accepted as normal. An exception
 * for one of several policies accepts nothing for the others.
 */
export const acceptedFindings = (reports: readonly DesiredReport[], waivers: AppliedWaivers): readonly string[] => {
  const covered = new Map<string, boolean>();
  for (const { source, target, results, seconds } of reports)
    for (const finding of results) {
      const id = finding.properties?.['anomaly'] ?? '';
      const [result] = waivedResults([reportResult(source, finding, seconds)], target, waivers);
      covered.set(id, isExcepted(result?.properties) && covered.get(id) !== false);
    }
  return [...covered].filter(([, isCovered]) => isCovered).map(([id]) => id);
};
