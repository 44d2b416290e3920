import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';

/**
 * Returns the time at which all targets of a policy were last evaluated for this generation, in seconds since the epoch. Returns undefined if
 * they were not, or if the policy was deleted and created again (its uid differs).
 */
export function evaluatedSince(
  policy: SecurityPolicy | undefined,
  { uid, generation }: { readonly uid?: string; readonly generation: number },
): number | undefined {
  const { evaluatedGeneration, lastScanTime } = policy?.status ?? {};
  if (evaluatedGeneration !== generation || (uid !== undefined && policy?.metadata.uid !== uid)) return undefined;
  const time = Date.parse(lastScanTime ?? '');
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}
