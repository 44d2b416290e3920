import { isDeepStrictEqual } from 'node:util';
import type { ImagesStatus, SecurityPolicy } from '../api/security-policy.ts';
import { maxAgeOf } from './policy-compliance.ts';

/** What was found, with the time at which this generation had first looked into all: later ones take nothing away from it. */
function sinceTheFirst(found: ImagesStatus, before: ImagesStatus): ImagesStatus {
  const { evaluatedGeneration, evaluatedSince } = before;
  return evaluatedGeneration === found.evaluatedGeneration && evaluatedSince !== undefined ? { ...found, evaluatedSince } : found;
}

/**
 * What the status of a policy is to say of images, by what it says and what was just found. What is the same but for its time keeps
 * that for half of `maxAge`: looking at what did not change writes nothing.
 */
export function updatedImagesStatus(policy: SecurityPolicy, looked: ImagesStatus | undefined): ImagesStatus | undefined {
  const before = policy.status?.images;
  if (!looked || !before) return looked ?? before;
  const found = sinceTheFirst(looked, before);
  const same = isDeepStrictEqual({ ...before, lastScanTime: found.lastScanTime }, found);
  const age = Date.parse(found.lastScanTime) - Date.parse(before.lastScanTime);
  return same && age >= 0 && age < maxAgeOf(policy) / 2 ? before : found;
}
