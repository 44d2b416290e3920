import type { ConfigurationStatus, Coverage, SecurityPolicyStatus } from '../api/kinds/policy-status.ts';

/**
 * Computes the configuration part of a status that an older version wrote. That version stored the totals and the images part only. This is
 * the only place that subtracts a part from the totals. The verdicts from before an upgrade are valid until the next scan. Returns undefined
 * if the status contains no verdicts.
 */
export function legacyConfiguration(status: SecurityPolicyStatus): ConfigurationStatus | undefined {
  const { summary, failing, coverage, images } = status;
  if (status.lastScan === undefined || !summary || !failing) return undefined;
  return {
    ...Object.fromEntries(copied.flatMap((field) => (status[field] === undefined ? [] : [[field, status[field]]]))),
    summary: subtract(summary, images?.summary),
    failing: subtract(failing, images?.failing),
    ...(coverage
      ? { coverage: subtract<Omit<Coverage, 'customWorkloads'>>(coverage, images && { ...images.coverage, excludedNamespaces: 0 }) }
      : {}),
  };
}

/** The fields of the totals that describe configuration only. */
const copied = ['evaluatedGeneration', 'lastScan', 'lastScanTime', 'uncovered'] as const;

const subtract = <T extends Readonly<Record<string, number>>>(sum: T, part: Readonly<Record<string, number>> | undefined): T =>
  Object.fromEntries(Object.entries(sum).map(([key, count]) => [key, Math.max(0, count - (part?.[key] ?? 0))])) as T;
