import type { ImagesStatus } from '../api/kinds/policy-status.ts';
import { imageCoverage, type KnownImages } from './image-coverage.ts';
import type { PolicyTotals } from '../findings/policy-totals.ts';
import type { PolicyTargets } from './targets/image-scope.ts';
import { timestampOf } from '../api/timestamp.ts';
import { scannedImages } from '../api/scanned-images.ts';

/** The inputs of {@link imagesStatus}. */
export interface ImagesStatusInput {
  readonly policyTargets: PolicyTargets;
  readonly known: KnownImages;
  /** The policy's totals in the image reports. */
  readonly totals: PolicyTotals;
  /** Reports that the API server refused, each as a sentence with the reason. */
  readonly refused: readonly string[];
  /** The time of the pod listing, in milliseconds since the epoch. */
  readonly listedAt: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The maximum number of lines, and of characters in a line. */
const [maxLines, maxLength] = [20, 300];

/** Returns `status.images` of a policy whose reports are up to date. Pure. */
export function imagesStatus({
  policyTargets: { policy, targets },
  known,
  totals,
  refused,
  listedAt,
  now,
}: ImagesStatusInput): ImagesStatus {
  const { coverage, uncovered } = imageCoverage(scannedImages(policy.spec) ?? {}, targets, known);
  const lines = [...refused, ...uncovered].map((line) =>
    line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).toWellFormed()}…`,
  );
  return {
    evaluatedGeneration: policy.metadata.generation ?? 0,
    lastScanTime: timestampOf(now),
    summary: totals.summary,
    failing: totals.failing,
    ...(totals.excepted ? { excepted: totals.excepted } : {}),
    coverage,
    ...(coverage.waiting === 0 ? { evaluatedSince: timestampOf(listedAt) } : {}),
    ...(lines.length > 0 ? { uncovered: bounded(lines) } : {}),
  };
}

const bounded = (lines: readonly string[]): string[] =>
  lines.length <= maxLines
    ? [...lines]
    : [...lines.slice(0, maxLines - 1), `and ${lines.length - maxLines + 1} more, see the reports with source vigil-images`];
