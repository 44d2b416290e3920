import type { Scan } from '../api/scan.ts';

/** How long a finished Scan is kept that neither says so nor belongs to a ScanSchedule, in seconds: a week. */
export const DEFAULT_RETENTION = 604_800;

/**
 * When a finished Scan is to be removed, in milliseconds since the epoch; undefined for one whose ScanSchedule keeps its history,
 * and for one that has not ended. Pure.
 */
export function removalTime({ metadata: { ownerReferences = [] }, spec, status }: Scan): number | undefined {
  const ended = Date.parse(status?.completionTime ?? '');
  if (Number.isNaN(ended)) return undefined;
  const kept = ownerReferences.some(({ kind }) => kind === 'ScanSchedule');
  const seconds = spec.ttlSecondsAfterFinished ?? (kept ? undefined : DEFAULT_RETENTION);
  return seconds === undefined ? undefined : ended + seconds * 1000;
}
