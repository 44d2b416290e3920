import type { ConfigurationStatus, Coverage, ImagesStatus, SecurityPolicyStatus } from '../api/security-policy.ts';
import { addSeverities, addSummaries, emptySeverities, emptySummary } from '../findings/tally.ts';

/** What is known of a policy, by who found it. */
export interface PolicyParts {
  readonly configuration?: ConfigurationStatus | undefined;
  /** Only where the policy asks about images. */
  readonly images?: ImagesStatus | undefined;
}

/** What a status counts in all. */
export type StatusTotals = Pick<
  SecurityPolicyStatus,
  'summary' | 'failing' | 'coverage' | 'uncovered' | 'evaluatedGeneration' | 'evaluatedRevision' | 'lastScan' | 'lastScanTime'
>;

const noCounts = { summary: emptySummary(), failing: emptySeverities() };
const noTargets: Coverage = { inScope: 0, scanned: 0, failed: 0, skipped: 0, excludedNamespaces: 0 };

/** The totals of a policy's parts: sums, and of configuration when it was evaluated, and by which Scan. Pure. */
export function statusTotals({ configuration, images }: PolicyParts): StatusTotals {
  const own = Object.fromEntries(copied.flatMap((field) => (configuration?.[field] === undefined ? [] : [[field, configuration[field]]])));
  if (!configuration && !images) return own;
  const coverage = addCoverage(configuration?.coverage, images);
  const [first, second] = [configuration ?? noCounts, images ?? noCounts];
  return {
    ...own,
    summary: addSummaries(first.summary, second.summary),
    failing: addSeverities(first.failing, second.failing),
    ...(coverage ? { coverage } : {}),
  };
}

/** What a status says of configuration alone. */
const copied = ['evaluatedGeneration', 'evaluatedRevision', 'lastScan', 'lastScanTime', 'uncovered'] as const;

/** Images count as targets. */
function addCoverage(configuration: Coverage | undefined, images: ImagesStatus | undefined): Coverage | undefined {
  if (!images) return configuration;
  const { inScope, scanned, failed, skipped, excludedNamespaces } = configuration ?? noTargets;
  const { coverage: own } = images;
  return {
    inScope: inScope + own.inScope,
    scanned: scanned + own.scanned,
    failed: failed + own.failed,
    skipped: skipped + own.skipped,
    excludedNamespaces,
  };
}

/** Scanned of in scope in whole percents, rounded down. 100% means that all there is was evaluated. */
export function coveragePercent({ inScope, scanned }: Coverage, isCovered: boolean): string {
  if (inScope === 0) return '0%';
  const percent = Math.floor((scanned / inScope) * 100);
  return `${isCovered ? percent : Math.min(percent, 99)}%`;
}
