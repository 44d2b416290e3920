/** Quantities of resources by name, as in a container. */
export type Quantities = Readonly<Record<string, string | number>>;

const mebibyte = 1024 * 1024;
const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: mebibyte,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
};
const pattern = /^([0-9]+(?:\.[0-9]*)?(?:[eE][0-9]+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/;

/** The bytes of a quantity such as `256Mi`; undefined if it is not a quantity. */
export function bytesOf(quantity: string | number | undefined): number | undefined {
  const [, number, unit = ''] = pattern.exec(String(quantity ?? '')) ?? [];
  return number === undefined ? undefined : Number(number) * (units[unit] ?? 1);
}

/** Limits with the memory multiplied by a factor. A memory limit that is missing or not a quantity is not changed. */
export function scaleMemory(limits: Quantities, factor: number): Quantities {
  const [, number, unit = ''] = pattern.exec(String(limits['memory'] ?? '')) ?? [];
  if (factor === 1 || number === undefined) return limits;
  return { ...limits, memory: `${Number(number) * factor}${unit}` };
}

/** The memory that a process needs besides its heap, in MiB; the least and the largest share of a limit for the heap. */
const beside = 146;
const least = 0.43;
const most = 0.75;

/**
 * The V8 option that makes the heap fit into a memory limit (256Mi: 110 MiB). Undefined without a limit: V8 then uses the node's memory.
 */
export function heapOption({ memory }: Quantities): string | undefined {
  const bytes = bytesOf(memory);
  if (bytes === undefined || bytes === 0) return undefined;
  const mebibytes = bytes / mebibyte;
  return `--max-old-space-size=${Math.max(1, Math.floor(Math.max(mebibytes * least, Math.min(mebibytes * most, mebibytes - beside))))}`;
}
