import { isDeepStrictEqual } from 'node:util';
import type { ImagesStatus } from '../api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { maxAgeOf } from './policy-compliance.ts';

/** Keeps `evaluatedSince` of the earlier status of the same generation: the first time at which no image waited for a scan. */
function keepEvaluatedSince(found: ImagesStatus, before: ImagesStatus): ImagesStatus {
  const { evaluatedGeneration, evaluatedSince } = before;
  return evaluatedGeneration === found.evaluatedGeneration && evaluatedSince !== undefined ? { ...found, evaluatedSince } : found;
}

/**
 * Returns the images part of a policy's status after new results. If only `lastScanTime` differs, returns the earlier part until half of
 * `maxAge` has passed, so that a scan without changes does not write the status.
 */
export function updatedImagesStatus(policy: SecurityPolicy, scanned: ImagesStatus | undefined): ImagesStatus | undefined {
  const before = policy.status?.images;
  if (!scanned || !before) return scanned ?? before;
  const found = keepEvaluatedSince(scanned, before);
  const same = isDeepStrictEqual({ ...before, lastScanTime: found.lastScanTime }, found);
  const age = Date.parse(found.lastScanTime) - Date.parse(before.lastScanTime);
  return same && age >= 0 && age < maxAgeOf(policy) / 2 ? before : found;
}
