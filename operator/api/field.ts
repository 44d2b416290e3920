import { z } from 'zod';

/** A CEL rule of a CRD schema (KEP-2876): `message` is what `kubectl apply` prints. */
export interface CrdRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** Gives a schema its `kubectl explain` text and, where given, CEL rules that cross fields. */
export function field<T extends z.ZodType>(schema: T, description: string, rules: readonly CrdRule[] = []): T {
  const extension = rules.length > 0 ? { 'x-kubernetes-validations': rules } : {};
  return schema.meta({ ...schema.meta(), description, ...extension });
}

/** A list that the server merges by the given keys (server-side apply), so that two managers can own different entries. */
export function listMap<T extends z.ZodType>(item: T, keys: readonly string[], maxItems: number): z.ZodArray<T> {
  return z.array(item).max(maxItems).meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
}

/** An object whose fields the server keeps as they are: its shape is somebody else's. */
export function anyObject(): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  return z.record(z.string(), z.unknown()).meta({ 'x-kubernetes-preserve-unknown-fields': true });
}

/** A duration as Vigil's kinds write it: one or more of `d`, `h`, `m`, `s`, largest first, such as `26h` or `1h30m`. */
export const durationPattern = /^([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,7}s)?$/;

/** A field that holds a duration of {@link durationPattern}. */
export function duration(): z.ZodString {
  return z.string().min(2).max(32).regex(durationPattern);
}

const durationUnits: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** Milliseconds of a duration such as `26h`; undefined when it is not one. */
export function durationMilliseconds(text: string): number | undefined {
  if (text.length < 2 || !durationPattern.test(text)) return undefined;
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9]+)([dhms])/g)) total += Number(digits) * (durationUnits[unit ?? ''] ?? 0);
  return total;
}

const labelKey = z
  .string()
  .max(317)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
const labelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/);

const requirement = z.strictObject({
  key: field(labelKey, 'The label key that the requirement applies to.'),
  operator: field(z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), 'How the label is compared with the values.'),
  values: field(z.array(labelValue).max(64).optional(), 'The values: at least one for In and NotIn, none for Exists and DoesNotExist.'),
});

/** A standard label selector; `{}` selects everything. */
export const labelSelector = z.strictObject({
  matchLabels: field(z.record(z.string(), labelValue).optional(), 'Labels that must all be there with these values.'),
  matchExpressions: field(
    z
      .array(
        field(requirement, 'One requirement on a label.', [
          {
            rule: "self.operator in ['In', 'NotIn'] ? has(self.values) && self.values.size() > 0 : !has(self.values) || self.values.size() == 0",
            message: 'In and NotIn need at least one value; Exists and DoesNotExist take none',
          },
        ]),
      )
      .max(32)
      .optional(),
    'Requirements that must all hold.',
  ),
});
export type LabelSelector = z.infer<typeof labelSelector>;

/** Names with `*` for any number of characters, as in `team-*`. */
export const namePatterns = z
  .array(
    z
      .string()
      .min(1)
      .max(253)
      .regex(/^[-a-z0-9.*]+$/),
  )
  .max(256);

/** A count that a status reports. */
export const count = z.int().min(0).meta({ format: 'int64' });
/** A point in time, RFC 3339. */
export const timestamp = z.string().meta({ format: 'date-time' });
