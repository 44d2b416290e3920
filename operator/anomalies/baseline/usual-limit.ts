/**
 * The middle of numbers, and six times their middle distance from it: outliers change neither. At least a quarter more than the middle, because what
 * was the same every day may grow a little.
 */
export function usualLimit(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const middle = median(values);
  return middle + Math.max(middle / 4, 6 * median(values.map((value) => Math.abs(value - middle))));
}

/** The middle of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}
