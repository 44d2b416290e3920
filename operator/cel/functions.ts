import { RE2JS } from 're2js';
import { CelFault, noSuchOverload } from './cel-fault.ts';
import { compareValues } from './operators.ts';
import { double, equal, floatOf, int, isDouble, isInt, isMap, mapSize, numeric, Optional, TypeValue, typeOfValue, Uint } from './value.ts';

/** A function of the language; of a method, the target comes first. */
export type CelFunction = (...args: readonly unknown[]) => unknown;

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw noSuchOverload(name);
  return value;
}

const onText =
  (name: string, compute: (a: string, b: string) => unknown): CelFunction =>
  (a, b) =>
    compute(text(a, name), text(b, name));

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw noSuchOverload(name);
  return value;
}

const patterns = new Map<string, RE2JS>();

/** RE2's own syntax and meaning; patterns are compiled once. */
function pattern(source: string): RE2JS {
  const known = patterns.get(source);
  if (known) return known;
  try {
    const compiled = RE2JS.compile(source);
    if (patterns.size > 1000) patterns.clear();
    patterns.set(source, compiled);
    return compiled;
  } catch (error) {
    throw new CelFault('invalid_argument', `invalid regular expression: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const size: CelFunction = (value) => {
  if (typeof value === 'string') return Array.from(value).length;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (isMap(value)) return mapSize(value);
  throw noSuchOverload('size');
};

function toInt(value: unknown): unknown {
  if (isInt(value)) return value;
  if (value instanceof Uint) return int(value.unsigned);
  if (isDouble(value) && Math.abs(floatOf(value)) < 2 ** 63) return int(BigInt(Math.trunc(floatOf(value))));
  if (typeof value === 'string' && /^[-+]?[0-9]+$/.test(value)) return int(BigInt(value.replace('+', '')));
  throw typeof value === 'string'
    ? new CelFault('invalid_argument', `type conversion error from string to int: ${value}`)
    : noSuchOverload('int');
}

function toDouble(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.trim() === '' || Number.isNaN(Number(value)))
      throw new CelFault('invalid_argument', `type conversion error from string to double: ${value}`);
    return double(Number(value));
  }
  const number = numeric(value);
  if (number === undefined) throw noSuchOverload('double');
  return double(Number(number));
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  const number = numeric(value);
  if (number === undefined) throw noSuchOverload('string');
  return String(number);
}

function toBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'True' || value === 'TRUE' || value === 't' || value === '1') return true;
  if (value === 'false' || value === 'False' || value === 'FALSE' || value === 'f' || value === '0') return false;
  throw noSuchOverload('bool');
}

function orderBy(name: string, better: (order: number) => boolean): CelFunction {
  return (value) => {
    const items = list(value, name);
    if (items.length === 0) throw new CelFault('invalid_argument', `${name} called on empty list`);
    return items.reduce((best, item) => (better(compareValues(item, best, name) ?? 0) ? item : best));
  };
}

const held = (value: unknown, name: string): Optional => {
  if (!(value instanceof Optional)) throw noSuchOverload(name);
  return value;
};

const indexOfItem = (items: readonly unknown[], wanted: unknown): number => items.findIndex((item) => equal(item, wanted));

function indexOfText(value: string, wanted: string): number {
  const index = value.indexOf(wanted);
  return index < 0 ? -1 : Array.from(value.slice(0, index)).length;
}

function lastIndexOfText(value: string, wanted: string): number {
  const index = value.lastIndexOf(wanted);
  return index < 0 ? -1 : Array.from(value.slice(0, index)).length;
}

/** Functions and methods by name. What the dialect has beyond them does not compile yet. */
export const functions: Readonly<Record<string, CelFunction>> = {
  size,
  int: toInt,
  double: toDouble,
  string: toText,
  bool: toBool,
  dyn: (value) => value,
  type: (value) => new TypeValue(typeOfValue(value).name),
  startsWith: onText('startsWith', (a, b) => a.startsWith(b)),
  endsWith: onText('endsWith', (a, b) => a.endsWith(b)),
  contains: onText('contains', (a, b) => a.includes(b)),
  matches: onText('matches', (a, b) => pattern(b).matcher(a).find()),
  find: onText('find', (a, b) => {
    const matcher = pattern(b).matcher(a);
    return matcher.find() ? (matcher.group() ?? '') : '';
  }),
  lowerAscii: (value) => text(value, 'lowerAscii').replace(/[A-Z]/g, (c) => c.toLowerCase()),
  upperAscii: (value) => text(value, 'upperAscii').replace(/[a-z]/g, (c) => c.toUpperCase()),
  trim: (value) => text(value, 'trim').replace(/^[\s\u0085]+|[\s\u0085]+$/gu, ''),
  split: onText('split', (a, b) => a.split(b)),
  join: (value, separator = '') =>
    list(value, 'join')
      .map((item) => text(item, 'join'))
      .join(text(separator, 'join')),
  isSorted: (value) =>
    list(value, 'isSorted').every((item, i, items) => i === 0 || (compareValues(items[i - 1], item, 'isSorted') ?? 1) <= 0),
  min: orderBy('min', (order) => order < 0),
  max: orderBy('max', (order) => order > 0),
  indexOf: (value, wanted) =>
    typeof value === 'string' ? indexOfText(value, text(wanted, 'indexOf')) : indexOfItem(list(value, 'indexOf'), wanted),
  lastIndexOf: (value, wanted) =>
    typeof value === 'string'
      ? lastIndexOfText(value, text(wanted, 'lastIndexOf'))
      : list(value, 'lastIndexOf').findLastIndex((item) => equal(item, wanted)),
  replace: (value, from, to) => text(value, 'replace').replaceAll(text(from, 'replace'), () => text(to, 'replace')),
  charAt: (value, index) => {
    const characters = Array.from(text(value, 'charAt'));
    const at = Number(numeric(index) ?? -1);
    if (at < 0 || at > characters.length) throw new CelFault('index_out_of_bounds', `index out of range: ${at}`);
    return characters[at] ?? '';
  },
  substring: (value, start, end) => {
    const characters = Array.from(text(value, 'substring'));
    const from = Number(numeric(start) ?? -1);
    const to = end === undefined ? characters.length : Number(numeric(end) ?? -1);
    if (from < 0 || to > characters.length || from > to)
      throw new CelFault('index_out_of_bounds', `invalid substring range: ${from}, ${to}`);
    return characters.slice(from, to).join('');
  },
  'optional.of': (value) => new Optional(value),
  'optional.none': () => Optional.none,
  'optional.ofNonZeroValue': (value) => (isZero(value) ? Optional.none : new Optional(value)),
  hasValue: (value) => held(value, 'hasValue').held !== undefined,
  value: (value) => {
    const inside = held(value, 'value').held;
    if (inside === undefined) throw new CelFault('invalid_argument', 'optional.none() dereference');
    return inside;
  },
};

function isZero(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  if (isMap(value)) return mapSize(value) === 0;
  return numeric(value) == 0;
}
