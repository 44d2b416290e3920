import type { Coverage, ImagesStatus, SecurityPolicyStatus, SeverityCounts, Summary } from '../api/security-policy.ts';
import { emptySeverities, emptySummary } from '../scan/tally.ts';

/** What a policy's status counts. */
export type PolicyCounts = Pick<SecurityPolicyStatus, 'summary' | 'failing' | 'coverage'>;

/**
 * What of a policy's counts is about configuration: all of it but its images. The counts of a status are the sum of the two, so that
 * whoever knows one of them anew writes the sum without having to ask about the other.
 */
export function configurationCounts({ summary, failing, coverage, images }: SecurityPolicyStatus): PolicyCounts {
  if (!images) return given({ summary, failing, coverage });
  return given({
    summary: summary && combined(summary, images.summary, -1),
    failing: failing && combined(failing, images.failing, -1),
    coverage: coverage && combined(coverage, targetsOf(images), -1),
  });
}

/** The counts of a status by its two parts. */
export function wholeCounts({ summary, failing, coverage }: PolicyCounts, images: ImagesStatus | undefined): PolicyCounts {
  if (!images) return given({ summary, failing, coverage });
  return {
    summary: combined<Summary>(summary ?? emptySummary(), images.summary, 1),
    failing: combined<SeverityCounts>(failing ?? emptySeverities(), images.failing, 1),
    coverage: combined<Coverage>(coverage ?? nothing, targetsOf(images), 1),
  };
}

const nothing: Coverage = { inScope: 0, scanned: 0, failed: 0, skipped: 0, excludedNamespaces: 0 };

/** Images as targets. */
const targetsOf = ({ coverage: { inScope, scanned, failed, skipped } }: ImagesStatus): Coverage => ({
  ...{ inScope, scanned, failed, skipped },
  excludedNamespaces: 0,
});

/** Sum or difference; never below 0, which the server would refuse of a status that somebody edited. */
const combined = <T extends Readonly<Record<string, number>>>(a: T, b: T, sign: 1 | -1): T =>
  Object.fromEntries(Object.entries(a).map(([key, value]) => [key, Math.max(0, value + sign * (b[key] ?? 0))])) as T;

const given = (counts: { readonly [K in keyof PolicyCounts]: PolicyCounts[K] | undefined }): PolicyCounts =>
  Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== undefined));
