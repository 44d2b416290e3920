/**
 * Which of two resourceVersions of one resource is newer: negative, zero or positive as for a sort; undefined where they cannot be
 * compared. Kubernetes' own are decimal numbers that only grow (KEP-5504); an aggregated API may have others.
 */
export function compareVersions(left: string, right: string): number | undefined {
  if (left === right) return 0;
  if (!isNumber(left) || !isNumber(right)) return undefined;
  return left.length === right.length ? (left < right ? -1 : 1) : left.length - right.length;
}

const isNumber = (version: string): boolean => /^[1-9]\d*$/.test(version);
