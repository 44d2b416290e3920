import type { ConfigurationStatus, Coverage, SecurityPolicyStatus } from '../api/security-policy.ts';

/**
 * The part about configuration of a status that an older version wrote: it kept only the sums of both parts, and the part about images.
 * This is the one place where a part is told from a sum: the verdicts of before an upgrade count until the next scan. Undefined if the
 * status holds no verdicts.
 */
export function legacyConfiguration(status: SecurityPolicyStatus): ConfigurationStatus | undefined {
  const { summary, failing, coverage, images } = status;
  if (status.lastScan === undefined || !summary || !failing) return undefined;
  return {
    ...Object.fromEntries(kept.flatMap((field) => (status[field] === undefined ? [] : [[field, status[field]]]))),
    summary: without(summary, images?.summary),
    failing: without(failing, images?.failing),
    ...(coverage ? { coverage: without<Coverage>(coverage, images && { ...images.coverage, excludedNamespaces: 0 }) } : {}),
  };
}

/** What was said of configuration alone. */
const kept = ['evaluatedGeneration', 'lastScan', 'lastScanTime', 'uncovered'] as const;

const without = <T extends Readonly<Record<string, number>>>(sum: T, part: Readonly<Record<string, number>> | undefined): T =>
  Object.fromEntries(Object.entries(sum).map(([key, count]) => [key, Math.max(0, count - (part?.[key] ?? 0))])) as T;
