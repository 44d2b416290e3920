/**
 * Compares two resourceVersions of one resource: negative, zero or positive as for a sort. Undefined: they cannot be compared. Those of
 * Kubernetes are increasing decimal numbers (KEP-5504); an aggregated API may use others.
 */
export function compareVersions(left: string, right: string): number | undefined {
  if (left === right) return 0;
  if (!isNumber(left) || !isNumber(right)) return undefined;
  return left.length === right.length ? (left < right ? -1 : 1) : left.length - right.length;
}

const isNumber = (version: string): boolean => /^[1-9]\d*$/.test(version);
