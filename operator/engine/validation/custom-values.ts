import { ownEntry } from '../../api/own-entry.ts';
import { pattern } from '../../cel/values/pattern.ts';
import { type Fields, isFields, listOf, textOf } from '../objects/kubernetes-object.ts';
import { isText, isWhole, typeTests, type ValueTest } from './value-problem.ts';

const types: Readonly<Record<string, ValueTest>> = {
  string: typeTests.text,
  integer: (value) => (isWhole(value) ? undefined : 'must be a whole number'),
  number: (value) => (typeof value === 'number' ? undefined : 'must be a number'),
  boolean: typeTests.boolean,
  object: typeTests.map,
  array: typeTests.list,
};

/** Returns why a value has not the type of its schema. Undefined if it has. */
export function typeProblem(value: unknown, schema: Fields): string | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return typeTests.numberOrText(value);
  return ownEntry(types, textOf(schema['type']) ?? '')?.(value);
}

type Check = (value: unknown, schema: Fields) => string | undefined;

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Checks a size by the bounds of two fields of a schema. */
const sized =
  (least: string, most: string, unit: string, sizeOf: (value: unknown) => number | undefined): Check =>
  (value, schema) => {
    const size = sizeOf(value);
    const [min, max] = [numberOf(schema[least]), numberOf(schema[most])];
    if (size === undefined) return undefined;
    if (min !== undefined && size < min) return `must have at least ${min} ${unit}`;
    return max !== undefined && size > max ? `must have at most ${max} ${unit}` : undefined;
  };

/** Checks a number by one of its bounds. */
const bounded =
  (bound: 'minimum' | 'maximum', exclusive: string, words: readonly [inclusive: string, exclusive: string]): Check =>
  (value, schema) => {
    const limit = numberOf(schema[bound]);
    if (limit === undefined || typeof value !== 'number') return undefined;
    const distance = bound === 'minimum' ? value - limit : limit - value;
    const isExclusive = schema[exclusive] === true;
    return distance < 0 || (isExclusive && distance === 0) ? `must be ${words[isExclusive ? 1 : 0]} ${limit}` : undefined;
  };

const stepped: Check = (value, schema) => {
  const step = numberOf(schema['multipleOf']);
  if (step === undefined || step <= 0 || typeof value !== 'number') return undefined;
  return Number.isInteger(value / step) ? undefined : `must be a multiple of ${step}`;
};

/** The most values that a message lists. */
const mostListed = 12;

const enumerated: Check = (value, schema) => {
  const accepted = schema['enum'];
  if (!Array.isArray(accepted)) return undefined;
  const text = JSON.stringify(value);
  if (accepted.some((item) => JSON.stringify(item) === text)) return undefined;
  const rest = accepted.length > mostListed ? ` and ${accepted.length - mostListed} more` : '';
  return `is not one of ${accepted
    .slice(0, mostListed)
    .map((item) => textOf(item) ?? JSON.stringify(item))
    .join(', ')}${rest}`;
};

const matched: Check = (value, schema) => {
  const expression = textOf(schema['pattern']);
  if (expression === undefined || !isText(value)) return undefined;
  try {
    return pattern(expression).test(value) ? undefined : `does not match ${expression.slice(0, 120)}`;
  } catch {
    // The server refuses such a definition. It says nothing about the object.
    return undefined;
  }
};

const checks: readonly Check[] = [
  enumerated,
  bounded('minimum', 'exclusiveMinimum', ['at least', 'more than']),
  bounded('maximum', 'exclusiveMaximum', ['at most', 'less than']),
  stepped,
  matched,
  sized('minLength', 'maxLength', 'characters', (value) => (isText(value) ? Array.from(value).length : undefined)),
  sized('minItems', 'maxItems', 'items', (value) => (Array.isArray(value) ? value.length : undefined)),
  sized('minProperties', 'maxProperties', 'fields', (value) => (isFields(value) ? Object.keys(value).length : undefined)),
];

/** Returns the problems of a value itself by its schema: enumerations, bounds and patterns. */
export const boundProblems = (value: unknown, schema: Fields): readonly string[] => checks.flatMap((check) => check(value, schema) ?? []);

/** Whether a value meets the part of a schema that `allOf`, `anyOf`, `oneOf` and `not` can have. */
export function meets(value: unknown, schema: Fields): boolean {
  if (typeProblem(value, schema) !== undefined || boundProblems(value, schema).length > 0) return false;
  if (junctorProblems(value, schema).length > 0) return false;
  if (Array.isArray(value)) return !isFields(schema['items']) || value.every((item) => meets(item, schema['items'] as Fields));
  if (!isFields(value)) return true;
  if (listOf(schema['required']).some((name) => value[String(name)] === undefined)) return false;
  const { properties } = schema;
  return Object.entries(isFields(properties) ? properties : {}).every(
    ([name, inner]) => value[name] === undefined || !isFields(inner) || meets(value[name], inner),
  );
}

/** The combinations of schemas, and the problem if not the right number of them is met. */
const junctors: Readonly<Record<string, (met: number, all: number) => string | undefined>> = {
  allOf: (met, all) => (met < all ? 'does not meet all schemas of allOf' : undefined),
  anyOf: (met) => (met === 0 ? 'meets no schema of anyOf' : undefined),
  oneOf: (met) => (met === 1 ? undefined : `meets ${met} schemas of oneOf, and must meet one`),
};

/** Returns the problems of a value by the combinations of its schema. */
export function junctorProblems(value: unknown, schema: Fields): readonly string[] {
  const found = Object.entries(junctors).flatMap(([name, problemOf]) => {
    const parts = listOf(schema[name]).filter(isFields);
    return parts.length === 0 ? [] : (problemOf(parts.filter((part) => meets(value, part)).length, parts.length) ?? []);
  });
  const { not } = schema;
  return isFields(not) && Object.keys(not).length > 0 && meets(value, not) ? [...found, 'meets the schema of not'] : found;
}
