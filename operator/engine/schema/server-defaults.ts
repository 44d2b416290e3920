import { canonicalQuantity } from './canonical-quantity.ts';
import { type Condition, type SchemaField, type SchemaNode, schemaNode, type Shape } from './schema-node.ts';

/** A mutable map: an object just read from a file that no other code refers to. */
export type Draft = Record<string, unknown>;

/** Returns the value if it is a map. */
export const draftOf = (value: unknown): Draft | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Draft) : undefined;

/** Returns the maps in a list. */
export const draftsOf = (value: unknown): readonly Draft[] =>
  Array.isArray(value) ? value.filter((item): item is Draft => draftOf(item) !== undefined) : [];

const isEmptyMap = (value: unknown): boolean => {
  for (const _ in draftOf(value) ?? { any: 1 }) return false;
  return true;
};
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Whether a value is the empty one of its shape. A value of a wrong type is not. */
const emptiness: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  s: (value) => value === '',
  n: (value) => value === 0,
  b: (value) => value === false,
  q: () => false,
  i: (value) => value === 0 || value === '',
  t: () => false,
  x: () => false,
  S: isEmptyMap,
  M: isEmptyMap,
  m: isEmptyMap,
  y: isEmptyMap,
  r: isEmptyMap,
  w: isEmptyMap,
  L: isEmptyList,
  l: isEmptyList,
};

function completeQuantities(value: unknown, milli: boolean): unknown {
  const entries = draftOf(value) ?? {};
  for (const name of Object.keys(entries)) entries[name] = canonicalQuantity(entries[name] ?? 0, milli) ?? entries[name];
  return value;
}

/** Completes a value that is not null. A value of the wrong type stays as it is. */
const completers: Readonly<Record<Shape, (value: unknown, node: number) => unknown>> = {
  S: (value, node) => {
    const fields = draftOf(value);
    if (fields !== undefined) completeNode(fields, node);
    return value;
  },
  L: (value, node) => {
    for (const item of draftsOf(value)) completeNode(item, node);
    return value;
  },
  M: (value, node) => {
    for (const item of draftsOf(Object.values(draftOf(value) ?? {}))) completeNode(item, node);
    return value;
  },
  q: (value) => canonicalQuantity(value, false) ?? value,
  r: (value) => completeQuantities(value, true),
  w: (value) => completeQuantities(value, false),
  m: (value) => {
    const entries = draftOf(value);
    if (entries !== undefined) for (const name of Object.keys(entries)) entries[name] ??= '';
    return value;
  },
  i: (value) => value,
  t: (value) => value,
  x: (value) => value,
  y: (value) => value,
  s: (value) => value,
  n: (value) => value,
  b: (value) => value,
  l: (value) => value,
};

function completeField(fields: Draft, name: string, { shape, dropsEmpty, node }: SchemaField): void {
  const value = completers[shape](fields[name], node);
  if (dropsEmpty && emptiness[shape](value)) Reflect.deleteProperty(fields, name);
  else fields[name] = value;
}

/** The condition that holds for the value of a field: one that names it, else one for any value. */
function holding(conditions: readonly Condition[], value: unknown): Condition | undefined {
  return conditions.find(({ v }) => v === value) ?? conditions.find(({ v }) => v === undefined);
}

function setIfAbsent(fields: Draft, name: string, value: unknown): void {
  if (fields[name] === undefined) fields[name] = typeof value === 'object' && value !== null ? structuredClone(value) : value;
}

const types: Readonly<Partial<Record<Shape, string>>> = { s: 'string', n: 'number', b: 'boolean' };

/** Copies the value of a field to others, if it has the type of the field. */
function copy(fields: Draft, { f, k = [] }: Condition, field: SchemaField | undefined): void {
  const value = fields[f];
  if (field !== undefined && typeof value === types[field.shape]) for (const name of k) setIfAbsent(fields, name, value);
}

/** The conditions that hold for the values of a map. */
function conditionsOf(fields: Draft, conditions: SchemaNode['conditions']): readonly Condition[] {
  const met: Condition[] = [];
  for (const [name, candidates] of conditions) {
    const condition = fields[name] === undefined ? undefined : holding(candidates, fields[name]);
    if (condition !== undefined) met.push(condition);
  }
  return met;
}

const hasUnknown = (fields: Draft, known: SchemaNode['fields']): boolean => Object.keys(fields).some((name) => !known.has(name));

function setDefaults(fields: Draft, { fields: known, defaults, conditions, choice }: SchemaNode): void {
  const met = conditions.size === 0 ? [] : conditionsOf(fields, conditions);
  const unset = new Set(met.flatMap(({ u = [] }) => u));
  if (choice !== undefined && hasUnknown(fields, known)) unset.add(choice);
  for (const condition of met) {
    copy(fields, condition, known.get(condition.f));
    for (const [name, value] of Object.entries(condition.d ?? {})) setIfAbsent(fields, name, value);
  }
  for (const [name, value] of defaults) if (!unset.has(name)) setIfAbsent(fields, name, value);
}

/**
 * Completes a map as the API server does when it decodes an object: removes null fields and empty values that it does not write, writes
 * quantities in their canonical form, and sets defaults. Changes the map. Unknown fields and values of a wrong type stay.
 */
export function completeNode(fields: Draft, index: number): void {
  const node = schemaNode(index);
  if (node === undefined) return;
  for (const name in fields) {
    const field = node.fields.get(name);
    if (fields[name] === null || fields[name] === undefined) Reflect.deleteProperty(fields, name);
    else if (field !== undefined) completeField(fields, name, field);
  }
  setDefaults(fields, node);
}
