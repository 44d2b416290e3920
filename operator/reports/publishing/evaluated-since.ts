import type { SecurityPolicy } from '../../api/security-policy.ts';

/**
 * When all targets of a policy were last evaluated by a generation of it, in seconds since the epoch; undefined where they never were. Of a policy
 * that was deleted and made anew, the earlier one does not count.
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
