import { parseQuantity } from '../../cel/library/quantity.ts';

/** Returns a quantity such as `250m`, `2Gi` or `1e3` as a number of its unit (cores, bytes). Undefined if the value is not a quantity. */
export function quantityNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const amount = typeof value === 'string' ? parseQuantity(value)?.amount : undefined;
  return amount === undefined ? undefined : Number(amount) / 1e9;
}
