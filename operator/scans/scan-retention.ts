import type { Scan } from '../api/kinds/scan.ts';

/** Seconds for which a finished Scan is kept that has no `ttlSecondsAfterFinished` and no ScanSchedule: a week. */
export const DEFAULT_RETENTION = 604_800;

/**
 * When a finished Scan is to be deleted, in milliseconds since the epoch. Undefined for a Scan that has not ended, and for one whose
 * ScanSchedule limits its history. Pure.
 */
export function removalTime({ metadata: { ownerReferences = [] }, spec, status }: Scan): number | undefined {
  const ended = Date.parse(status?.completionTime ?? '');
  if (Number.isNaN(ended)) return undefined;
  const kept = ownerReferences.some(({ kind }) => kind === 'ScanSchedule');
  const seconds = spec.ttlSecondsAfterFinished ?? (kept ? undefined : DEFAULT_RETENTION);
  return seconds === undefined ? undefined : ended + seconds * 1000;
}
