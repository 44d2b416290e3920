import type { SchemaNode, Shape } from '../schema/schema-node.ts';
import { fieldTests, type FieldTests } from './value-problem.ts';

/** What the API server accepts in one field, prepared once: every field of every object of a scan of files is checked by it. */
export interface FieldCheck extends FieldTests {
  readonly key: string;
  readonly shape: Shape;
  /** The index of the fields of its map, or of the items of its list or map. */
  readonly node: number;
  /** The only values of a text, or of the texts of a list. */
  readonly accepted: readonly string[] | undefined;
  /** The fields that identify the items of a list. */
  readonly keys: readonly string[] | undefined;
  /** The server always refuses two items with the same keys. */
  readonly isUnique: boolean;
  /** The value is no list and no map. */
  readonly isScalar: boolean;
}

const known = new WeakMap<SchemaNode, Map<string, FieldCheck>>();

/** The shapes of texts, times, numbers, booleans, quantities and numbers or texts. See `shapeOf` in hack/server-schema/schema.go. */
const scalars: ReadonlySet<Shape> = new Set(['s', 't', 'n', 'b', 'q', 'i']);

function prepare({ fields, rules }: SchemaNode): Map<string, FieldCheck> {
  const checks = [...fields].map(([key, { shape, node }]): [string, FieldCheck] => [
    key,
    {
      ...{ key, shape, node, ...fieldTests(shape, rules.formats[key]) },
      ...{ accepted: rules.values[key], keys: rules.keys[key], isUnique: rules.unique.includes(key), isScalar: scalars.has(shape) },
    },
  ]);
  return new Map(checks);
}

/** Returns the check of a field. Undefined if the map has no such field. */
export function fieldCheck(node: SchemaNode, key: string): FieldCheck | undefined {
  let checks = known.get(node);
  if (checks === undefined) known.set(node, (checks = prepare(node)));
  return checks.get(key);
}

/** Whether a value is a scalar without a problem. This is the frequent case. If it is false, the value is not necessarily wrong. */
export function isPlainlyRight(value: unknown, { isScalar, own, accepted }: FieldCheck): boolean {
  if (!isScalar || typeof value === 'object' || own(value) !== undefined) return false;
  return accepted === undefined || typeof value !== 'string' || value === '' || accepted.includes(value);
}
