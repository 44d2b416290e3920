import type { ImagesStatus } from '../api/security-policy.ts';
import { imageCoverage, type KnownImages } from './image-coverage.ts';
import type { PolicyTotals } from '../findings/policy-totals.ts';
import type { PolicyTargets } from './targets/image-scope.ts';
import { timestampOf } from '../api/timestamp.ts';

/** What a policy's status says of images is made of. */
export interface ImagesStatusInput {
  readonly asked: PolicyTargets;
  readonly known: KnownImages;
  /** What the reports about images hold for the policy. */
  readonly totals: PolicyTotals;
  /** Reports that the server refused, and why. */
  readonly refused: readonly string[];
  /** When what runs was listed, in milliseconds since the epoch. */
  readonly listedAt: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The most lines, and characters of each. */
const [mostLines, longest] = [20, 300];

/** What a policy's status says of images once its reports are up to date. Pure. */
export function imagesStatus({ asked: { policy, targets }, known, totals, refused, listedAt, now }: ImagesStatusInput): ImagesStatus {
  const { coverage, uncovered } = imageCoverage(policy.spec.images ?? {}, targets, known);
  const lines = [...refused, ...uncovered].map((line) => (line.length <= longest ? line : `${line.slice(0, longest - 1).toWellFormed()}…`));
  return {
    evaluatedGeneration: policy.metadata.generation ?? 0,
    lastScanTime: timestampOf(now),
    summary: totals.summary,
    failing: totals.failing,
    coverage,
    ...(coverage.waiting === 0 ? { evaluatedSince: timestampOf(listedAt) } : {}),
    ...(lines.length > 0 ? { uncovered: bounded(lines) } : {}),
  };
}

const bounded = (lines: readonly string[]): string[] =>
  lines.length <= mostLines
    ? [...lines]
    : [...lines.slice(0, mostLines - 1), `and ${lines.length - mostLines + 1} more, see the reports with source vigil-images`];
