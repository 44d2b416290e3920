import { parseQuantity } from '../../cel/library/quantity.ts';
import { type Fields, isFields, isUnset } from '../objects/kubernetes-object.ts';
import type { Shape, ValueFormat } from '../schema/schema-node.ts';

/** A value that the API server cannot decode: the steps from the field to the value, and what it expects. */
export type ValueProblem = readonly [steps: readonly (string | number)[], problem: string];

/** Returns what is wrong with a value. */
export type ValueTest = (value: unknown) => string | undefined;
type Test = ValueTest;

/** Whether a value is a text. */
export const isText = (value: unknown): value is string => typeof value === 'string';
/** Whether a value is a whole number. */
export const isWhole = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value);
const text: Test = (value) => (isText(value) ? undefined : 'must be a string');
const number: Test = (value) => {
  if (typeof value !== 'number') return 'must be a number';
  return Number.isInteger(value) ? undefined : 'must be a whole number';
};
const boolean: Test = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const map: Test = (value) => (isFields(value) ? undefined : 'must be a map');
const list: Test = (value) => (Array.isArray(value) ? undefined : 'must be a list');
const any: Test = () => undefined;
const numberOrText: Test = (value) => (isText(value) || isWhole(value) ? undefined : 'must be a whole number or a string');
/** The tests of types that schemas of built-in and of custom kinds have alike. */
export const typeTests = { text, boolean, map, list, numberOrText } as const;

/** Most quantities. They need not be parsed. */
const usualQuantity = /^\d{1,9}(m|k|[MGT]i?|Ki)?$/;
const quantity: Test = (value) =>
  typeof value === 'number' || (isText(value) && (usualQuantity.test(value) || parseQuantity(value.trim()) !== undefined))
    ? undefined
    : 'must be a quantity, such as 250m or 64Mi';
const base64: Test = (value) => {
  // The server also reads a list of bytes.
  if (Array.isArray(value)) return undefined;
  if (!isText(value)) return 'must be a string';
  const plain = value.replace(/[\r\n]/g, '');
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain) ? undefined : 'must be base64';
};

/** The times that Go reads: hours can have one digit, and a comma can be before fractions of seconds. */
const goTime = /^\d{4}-\d{2}-\d{2}T\d{1,2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:\d{2})$/;
const time: Test = (value) => {
  if (!isText(value)) return 'must be a string';
  return goTime.test(value) ? undefined : 'must be a time, such as 2026-01-31T12:00:00Z';
};

/** The test of a value itself. */
const tests: Readonly<Record<Shape, Test>> = {
  S: map,
  M: map,
  m: map,
  y: map,
  r: map,
  w: map,
  L: list,
  l: list,
  s: text,
  t: time,
  n: number,
  b: boolean,
  q: quantity,
  i: numberOrText,
  x: any,
};

const formatTests: Readonly<Record<ValueFormat, Test>> = { B: base64, D: text, n: number, x: any };

/** The test of the items of a list or map of scalars. Other shapes have none. */
function itemTest(shape: Shape, format: ValueFormat | undefined): Test | undefined {
  if (shape === 'r' || shape === 'w') return quantity;
  if (shape === 'l' || shape === 'm') return format === undefined ? text : formatTests[format];
  if (shape === 'y') return format === undefined ? undefined : formatTests[format];
  return shape === 'L' || shape === 'M' ? map : undefined;
}

/** The test of a value as a whole. */
function valueTest(shape: Shape, format: ValueFormat | undefined): Test {
  if (format === undefined) return tests[shape];
  if (shape === 's') return formatTests[format];
  return shape === 'n' && format === 'x' ? any : tests[shape];
}

const none: readonly ValueProblem[] = [];

/** The tests of a field: of its value as a whole, and of the items if it is a list or map. */
export interface FieldTests {
  readonly own: ValueTest;
  readonly item: ValueTest | undefined;
}

/** Returns the tests of a field of this shape. */
export const fieldTests = (shape: Shape, format: ValueFormat | undefined): FieldTests => ({
  own: valueTest(shape, format),
  item: itemTest(shape, format),
});

/** Returns the values of a field that the API server cannot decode. A value of null is the same as none. */
export function valueProblems(value: unknown, { own, item: test }: FieldTests): readonly ValueProblem[] {
  const problem = own(value);
  if (problem !== undefined) return [[[], problem]];
  if (test === undefined || typeof value !== 'object' || value === null) return none;
  return Array.isArray(value) ? listProblems(value, test) : mapProblems(value as Fields, test);
}

function listProblems(list: readonly unknown[], test: ValueTest): readonly ValueProblem[] {
  let found = none;
  for (let index = 0; index < list.length; index += 1) {
    const problem = isUnset(list[index]) ? undefined : test(list[index]);
    if (problem !== undefined) found = [...found, [[index], problem]];
  }
  return found;
}

function mapProblems(map: Fields, test: ValueTest): readonly ValueProblem[] {
  let found = none;
  for (const name in map) {
    const problem = isUnset(map[name]) ? undefined : test(map[name]);
    if (problem !== undefined) found = [...found, [[name], problem]];
  }
  return found;
}
