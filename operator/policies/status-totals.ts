import type { AnomaliesStatus, ConfigurationStatus, Coverage, ImagesStatus, SecurityPolicyStatus } from '../api/kinds/policy-status.ts';
import { noTotals, type PolicyTotals } from '../findings/policy-totals.ts';
import { addSeverities, addSummaries } from '../findings/tally.ts';

/** The parts of a policy's status, by field manager. */
export interface PolicyParts {
  readonly configuration?: ConfigurationStatus | undefined;
  /** Undefined if the policy has no `spec.images`. */
  readonly images?: ImagesStatus | undefined;
  /** Undefined if the policy has no `spec.anomalies`. */
  readonly anomalies?: AnomaliesStatus | undefined;
}

/** The fields of a status that are computed from its parts. */
export type StatusTotals = Pick<
  SecurityPolicyStatus,
  'summary' | 'failing' | 'excepted' | 'coverage' | 'uncovered' | 'evaluatedGeneration' | 'evaluatedRevision' | 'lastScan' | 'lastScanTime'
>;

const noTargets: Coverage = { inScope: 0, scanned: 0, failed: 0, skipped: 0, excludedNamespaces: 0 };

/** Returns the totals of a policy's parts: the sums of their counts, and the time, the revision and the Scan of the configuration part. Pure. */
export function statusTotals({ configuration, images, anomalies }: PolicyParts): StatusTotals {
  const own = Object.fromEntries(copied.flatMap((field) => (configuration?.[field] === undefined ? [] : [[field, configuration[field]]])));
  if (!configuration && !images && !anomalies) return own;
  const coverage = addCoverage(configuration?.coverage, images);
  const parts: readonly PolicyTotals[] = [configuration ?? noTotals, images ?? noTotals, anomalies ?? noTotals];
  const excepted = parts.flatMap((counts) => counts.excepted ?? []);
  return {
    ...own,
    summary: parts.map(({ summary }) => summary).reduce(addSummaries),
    failing: parts.map(({ failing }) => failing).reduce(addSeverities),
    ...(excepted.length > 0 ? { excepted: excepted.reduce(addSeverities) } : {}),
    ...(coverage ? { coverage } : {}),
  };
}

/** The fields of the totals that are copied from the configuration part. */
const copied = ['evaluatedGeneration', 'evaluatedRevision', 'lastScan', 'lastScanTime', 'uncovered'] as const;

/** Adds the images to the targets. */
function addCoverage(configuration: Coverage | undefined, images: ImagesStatus | undefined): Coverage | undefined {
  if (!images) return configuration;
  const { inScope, scanned, failed, skipped, ...others } = configuration ?? noTargets;
  const { coverage: own } = images;
  return {
    inScope: inScope + own.inScope,
    scanned: scanned + own.scanned,
    failed: failed + own.failed,
    skipped: skipped + own.skipped,
    ...others,
  };
}

/** Returns the scanned targets as a whole percentage of the targets in scope, rounded down. Returns 100% only if everything was evaluated. */
export function coveragePercent({ inScope, scanned }: Coverage, isCovered: boolean): string {
  if (inScope === 0) return '0%';
  const percent = Math.floor((scanned / inScope) * 100);
  return `${isCovered ? percent : Math.min(percent, 99)}%`;
}
