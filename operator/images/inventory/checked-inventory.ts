import { z } from 'zod';
import { inventoryOf, type Inventory, type InventoryRecord } from './inventory.ts';

const text = z.string().max(8192);
const inventoryPackage = z.strictObject({
  name: text,
  version: text,
  purl: text,
  source: z.strictObject({ name: text.optional(), version: text.optional(), release: text.optional(), epoch: text.optional() }).optional(),
  modularity: text.optional(),
  path: text.optional(),
});
const secret = z.strictObject({ rule: text, title: text, severity: text, path: text, line: z.number().int() });
const inventoryRecord = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('system'), family: text, name: text }),
  z.strictObject({ type: z.literal('application'), name: text, class: text, kind: text }),
  z.strictObject({ type: z.literal('package'), package: inventoryPackage }),
  z.strictObject({ type: z.literal('secret'), secret }),
]);
const examples = z.strictObject({ count: z.number().int().min(0), examples: z.array(text).max(100) });
const inventoryBody = z.strictObject({
  packages: z.number().int(),
  secrets: z.number().int(),
  unreadable: examples.optional(),
  unidentified: examples.optional(),
});

/** The output of a pod is not an inventory, so it is not the output of Vigil's program. */
export class InventoryRecordError extends Error {
  override readonly name = 'InventoryRecordError';
}

/** Validates and returns an inventory from a pod that other users could exec into. Throws an {@link InventoryRecordError}. */
export function checkedInventoryOf(records: Iterable<unknown>, body: unknown): Inventory {
  function* checked(): Generator<InventoryRecord> {
    for (const record of records) yield parsed(inventoryRecord, record) as InventoryRecord;
  }
  return inventoryOf(checked(), parsed(inventoryBody, body));
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  if (error)
    throw new InventoryRecordError(
      `the pod output is not an inventory: ${error.issues[0]?.path.join('.') ?? ''}: ${error.issues[0]?.message ?? ''}`,
    );
  return data;
}
