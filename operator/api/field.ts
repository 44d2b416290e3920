import { z } from 'zod';

/** A CEL validation rule of a CRD schema (KEP-2876). `kubectl apply` prints `message` if the rule is false. */
export interface CrdRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** Adds a description, which `kubectl explain` prints, and optional CEL validation rules to a schema. */
export function field<T extends z.ZodType>(schema: T, description: string, rules: readonly CrdRule[] = []): T {
  const extension = rules.length > 0 ? { 'x-kubernetes-validations': rules } : {};
  return schema.meta({ ...schema.meta(), description, ...extension });
}

/** A list that server-side apply merges by the given keys. Two field managers can own different entries of it. */
export function listMap<T extends z.ZodType>(item: T, keys: readonly string[], maxItems: number): z.ZodArray<T> {
  return z.array(item).max(maxItems).meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
}

/** An object with any fields. The API server preserves fields that the schema does not know. */
export function anyObject(): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  return z.record(z.string(), z.unknown()).meta({ 'x-kubernetes-preserve-unknown-fields': true });
}

/** The format of durations in Vigil's kinds: one or more of `d`, `h`, `m`, `s`, largest unit first, such as `26h` or `1h30m`. */
export const durationPattern = /^([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,7}s)?$/;

/** The schema of a duration in the format of {@link durationPattern}. */
export function duration(): z.ZodString {
  return z.string().min(2).max(32).regex(durationPattern);
}

const durationUnits: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** Returns the milliseconds of a duration such as `26h`, or undefined if the text is not a duration. */
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
  operator: field(z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), 'The relation between the label and the values.'),
  values: field(
    z.array(labelValue).max(64).optional(),
    'The values. In and NotIn require at least one value; Exists and DoesNotExist require none.',
  ),
});

/** A standard label selector. `{}` selects everything. */
export const labelSelector = z.strictObject({
  matchLabels: field(z.record(z.string(), labelValue).optional(), 'Labels that an object must have with these values.'),
  matchExpressions: field(
    z
      .array(
        field(requirement, 'One requirement on a label.', [
          {
            rule: "self.operator in ['In', 'NotIn'] ? has(self.values) && self.values.size() > 0 : !has(self.values) || self.values.size() == 0",
            message: 'values must not be empty for In and NotIn, and must be empty for Exists and DoesNotExist',
          },
        ]),
      )
      .max(32)
      .optional(),
    'Requirements on labels. All of them must be true.',
  ),
});
export type LabelSelector = z.infer<typeof labelSelector>;

/** Patterns for names. `*` matches any number of characters, as in `team-*`. */
export const namePatterns = z
  .array(
    z
      .string()
      .min(1)
      .max(253)
      .regex(/^[-a-z0-9.*]+$/),
  )
  .max(256);

/** A count in a status. */
export const count = z.int().min(0).meta({ format: 'int64' });
/** A point in time, RFC 3339. */
export const timestamp = z.string().meta({ format: 'date-time' });
