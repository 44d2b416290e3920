import { add, compare, divide, modulo, multiply, negate, subtract } from '../values/arithmetic.ts';
import { CelFault } from '../values/cel-fault.ts';
import * as convert from '../values/conversion.ts';
import { pattern } from '../values/pattern.ts';
import { fn, removedIn, library, method } from './overload.ts';
import type { OverloadEntry } from './overload.ts';
import { civil } from '../values/timestamp.ts';
import type { Timestamp, Duration } from '../values/timestamp.ts';
import type { CelMap } from '../values/value.ts';
import { equal, int, isMap, lookup, mapSize, TypeValue, typeOfValue } from '../values/value.ts';
import { codePointCount } from '../values/code-point.ts';

type AnyMap = CelMap | Readonly<Record<string, unknown>>;

/** Evaluates `container[index]`. Throws {@link CelFault} if the index or the key does not exist. */
export function index(container: unknown, at: unknown): unknown {
  if (Array.isArray(container)) return elementAt(container, at);
  if (!isMap(container)) throw new CelFault('no_such_overload', 'no such overload: _[_]');
  const found = lookup(container, at);
  if (found === undefined) throw new CelFault('no_such_key', `no such key: ${convert.show(at)}`);
  return found;
}

/** Converts an index to a number. Returns undefined if the index is not an integer. */
export function listIndex(at: unknown): number | undefined {
  const n = typeof at === 'number' ? at : Number(convert.numberOf(at));
  return Number.isInteger(n) ? n : undefined;
}

function elementAt(list: readonly unknown[], at: unknown): unknown {
  const i = listIndex(at);
  if (i === undefined) throw new CelFault('invalid_argument', `unsupported index value: ${convert.show(at)}`);
  const found = list[i];
  if (found === undefined) throw new CelFault('index_out_of_bounds', `index out of bounds: ${String(i)}`);
  return found;
}

/** Evaluates `value in container`. */
export function isIn(value: unknown, container: unknown): boolean {
  if (Array.isArray(container)) return typeof value === 'string' ? container.includes(value) : container.some((item) => equal(value, item));
  if (isMap(container)) return lookup(container, value) !== undefined;
  throw new CelFault('no_such_overload', 'no such overload: @in');
}

const ARITHMETIC: readonly OverloadEntry[] = [
  fn('_+_', 'add_bytes', 'bytes, bytes -> bytes', add),
  fn('_+_', 'add_double', 'double, double -> double', add),
  fn('_+_', 'add_duration_duration', 'duration, duration -> duration', add),
  fn('_+_', 'add_duration_timestamp', 'duration, timestamp -> timestamp', add),
  fn('_+_', 'add_timestamp_duration', 'timestamp, duration -> timestamp', add),
  fn('_+_', 'add_int64', 'int, int -> int', add),
  fn('_+_', 'add_list', 'list(A), list(A) -> list(A)', add),
  fn('_+_', 'add_string', 'string, string -> string', add),
  fn('_+_', 'add_uint64', 'uint, uint -> uint', add),
  fn('_/_', 'divide_double', 'double, double -> double', divide),
  fn('_/_', 'divide_int64', 'int, int -> int', divide),
  fn('_/_', 'divide_uint64', 'uint, uint -> uint', divide),
  fn('_%_', 'modulo_int64', 'int, int -> int', modulo),
  fn('_%_', 'modulo_uint64', 'uint, uint -> uint', modulo),
  fn('_*_', 'multiply_double', 'double, double -> double', multiply),
  fn('_*_', 'multiply_int64', 'int, int -> int', multiply),
  fn('_*_', 'multiply_uint64', 'uint, uint -> uint', multiply),
  fn('-_', 'negate_double', 'double -> double', negate),
  fn('-_', 'negate_int64', 'int -> int', negate),
  fn('_-_', 'subtract_double', 'double, double -> double', subtract),
  fn('_-_', 'subtract_duration_duration', 'duration, duration -> duration', subtract),
  fn('_-_', 'subtract_int64', 'int, int -> int', subtract),
  fn('_-_', 'subtract_timestamp_duration', 'timestamp, duration -> timestamp', subtract),
  fn('_-_', 'subtract_timestamp_timestamp', 'timestamp, timestamp -> duration', subtract),
  fn('_-_', 'subtract_uint64', 'uint, uint -> uint', subtract),
];

const ORDERINGS: readonly (readonly [string, string, (order: number) => boolean])[] = [
  ['_<_', 'less', (order) => order < 0],
  ['_<=_', 'less_equals', (order) => order <= 0],
  ['_>_', 'greater', (order) => order > 0],
  ['_>=_', 'greater_equals', (order) => order >= 0],
];
const ORDERED = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const CROSS_ORDERED = [
  ['int', 'double'],
  ['int', 'uint'],
  ['uint', 'double'],
  ['uint', 'int'],
  ['double', 'int'],
  ['double', 'uint'],
] as const;
const WIDE: Readonly<Record<string, string>> = { int: 'int64', uint: 'uint64' };

/** Throws if the order is NaN, because NaN cannot be ordered. */
function ordered(order: number): number {
  if (Number.isNaN(order)) throw new CelFault('invalid_argument', 'NaN values cannot be ordered');
  return order;
}

function ordering(a: string, b: string): OverloadEntry[] {
  return ORDERINGS.map(([name, id, holds]) => {
    const types = a === b ? (WIDE[a] ?? a) : `${WIDE[a] ?? a}_${WIDE[b] ?? b}`;
    return fn(name, `${id}_${types}`, `${a}, ${b} -> bool`, (x: unknown, y: unknown) => holds(ordered(compare(x, y))));
  });
}

const LOGIC: readonly OverloadEntry[] = [
  fn('_?_:_', 'conditional', 'bool, A, A -> A', (test: boolean, yes: unknown, no: unknown) => (test ? yes : no)),
  fn('_&&_', 'logical_and', 'bool, bool -> bool', (a: boolean, b: boolean) => a && b),
  fn('_||_', 'logical_or', 'bool, bool -> bool', (a: boolean, b: boolean) => a || b),
  fn('!_', 'logical_not', 'bool -> bool', (a: boolean) => !a),
  fn('@not_strictly_false', 'not_strictly_false', 'bool -> bool', (a: boolean) => a),
  fn('_==_', 'equals', 'A, A -> bool', equal),
  fn('_!=_', 'not_equals', 'A, A -> bool', (a: unknown, b: unknown) => !equal(a, b)),
  fn('_[_]', 'index_list', 'list(A), int -> A', index),
  fn('_[_]', 'index_map', 'map(A, B), A -> B', index),
  fn('@in', 'in_list', 'A, list(A) -> bool', isIn),
  fn('@in', 'in_map', 'A, map(A, B) -> bool', isIn),
];

const SIZES: readonly (readonly [string, string, (value: never) => number])[] = [
  ['bytes', 'bytes', (bytes: Uint8Array) => bytes.length],
  ['list', 'list(A)', (list: unknown[]) => list.length],
  ['map', 'map(A, B)', (map: AnyMap) => mapSize(map)],
  ['string', 'string', (text: string) => codePointCount(text)],
];

const CONVERSIONS: readonly OverloadEntry[] = [
  fn('type', 'type', 'A -> type(A)', (value: unknown) => new TypeValue(typeOfValue(value).name)),
  fn('dyn', 'to_dyn', 'A -> dyn', (value: unknown) => value),
  fn('bool', 'bool_to_bool', 'bool -> bool', (value: boolean) => value),
  fn('bool', 'string_to_bool', 'string -> bool', convert.stringToBool),
  fn('bytes', 'bytes_to_bytes', 'bytes -> bytes', (value: Uint8Array) => value),
  fn('bytes', 'string_to_bytes', 'string -> bytes', (value: string) => new TextEncoder().encode(value)),
  ...['double', 'int', 'string', 'uint'].map((from) =>
    fn('double', `${WIDE[from] ?? from}_to_double`, `${from} -> double`, convert.toDouble),
  ),
  fn('duration', 'duration_to_duration', 'duration -> duration', convert.toDuration),
  // Up to 1.36 an error at run time. From 1.37 an error of the compiler.
  removedIn('1.37', fn('duration', 'int64_to_duration', 'int -> duration', convert.toDuration)),
  fn('duration', 'string_to_duration', 'string -> duration', convert.toDuration),
  ...['int', 'double', 'duration', 'string', 'timestamp', 'uint'].map((from) =>
    fn('int', `${WIDE[from] ?? from}_to_int64`, `${from} -> int`, convert.toInt),
  ),
  ...['string', 'bool', 'bytes', 'double', 'duration', 'int', 'timestamp', 'uint'].map((from) =>
    fn('string', `${WIDE[from] ?? from}_to_string`, `${from} -> string`, convert.toText),
  ),
  ...['timestamp', 'int', 'string'].map((from) =>
    fn('timestamp', `${WIDE[from] ?? from}_to_timestamp`, `${from} -> timestamp`, convert.toTimestamp),
  ),
  ...['uint', 'double', 'int', 'string'].map((from) => fn('uint', `${WIDE[from] ?? from}_to_uint64`, `${from} -> uint`, convert.toUint)),
];

const matches = (text: string, expression: string): boolean => pattern(expression).test(text);

const TEXT: readonly OverloadEntry[] = [
  method('contains', 'contains_string', 'string, string -> bool', (text: string, part: string) => text.includes(part)),
  method('endsWith', 'ends_with_string', 'string, string -> bool', (text: string, part: string) => text.endsWith(part)),
  method('startsWith', 'starts_with_string', 'string, string -> bool', (text: string, part: string) => text.startsWith(part)),
  fn('matches', 'matches', 'string, string -> bool', matches),
  method('matches', 'matches_string', 'string, string -> bool', matches),
];

function dayOfYear(date: Date): number {
  const start = new Date(date);
  start.setUTCMonth(0, 1);
  return Math.round((date.getTime() - start.getTime()) / 86_400_000);
}

const CIVIL: readonly (readonly [string, string, (date: Date) => number])[] = [
  ['getFullYear', 'timestamp_to_year', (date) => date.getUTCFullYear()],
  ['getMonth', 'timestamp_to_month', (date) => date.getUTCMonth()],
  ['getDayOfYear', 'timestamp_to_day_of_year', dayOfYear],
  ['getDayOfMonth', 'timestamp_to_day_of_month', (date) => date.getUTCDate() - 1],
  ['getDate', 'timestamp_to_day_of_month_1_based', (date) => date.getUTCDate()],
  ['getDayOfWeek', 'timestamp_to_day_of_week', (date) => date.getUTCDay()],
  ['getHours', 'timestamp_to_hours', (date) => date.getUTCHours()],
  ['getMinutes', 'timestamp_to_minutes', (date) => date.getUTCMinutes()],
  ['getSeconds', 'timestamp_to_seconds', (date) => date.getUTCSeconds()],
  ['getMilliseconds', 'timestamp_to_milliseconds', (date) => date.getUTCMilliseconds()],
];

const SPANS: readonly (readonly [string, string, (nanos: bigint) => bigint])[] = [
  ['getHours', 'duration_to_hours', (nanos) => nanos / 3_600_000_000_000n],
  ['getMinutes', 'duration_to_minutes', (nanos) => nanos / 60_000_000_000n],
  ['getSeconds', 'duration_to_seconds', (nanos) => nanos / 1_000_000_000n],
  ['getMilliseconds', 'duration_to_milliseconds', (nanos) => nanos / 1_000_000n],
];

const TIMES: readonly OverloadEntry[] = [
  ...CIVIL.flatMap(([name, id, read]) => [
    method(name, id, 'timestamp -> int', (time: Timestamp) => read(civil(time))),
    method(
      name,
      id === 'timestamp_to_seconds' ? `${id}_tz` : `${id}_with_tz`,
      'timestamp, string -> int',
      (time: Timestamp, zone: string) => read(civil(time, zone)),
    ),
  ]),
  ...SPANS.map(([name, id, read]) => method(name, id, 'duration -> int', (span: Duration) => int(read(span.nanos)))),
];

/** The standard functions and operators of CEL. */
export const STANDARD = [
  ...library('1.0', [
    ...LOGIC,
    ...ARITHMETIC,
    ...ORDERED.flatMap((type) => ordering(type, type)),
    ...SIZES.flatMap(([id, type, run]) => [
      fn('size', `size_${id}`, `${type} -> int`, run),
      method('size', `${id}_size`, `${type} -> int`, run),
    ]),
    ...CONVERSIONS,
    ...TEXT,
    ...TIMES,
  ]),
  ...library(
    '1.28',
    CROSS_ORDERED.flatMap(([a, b]) => ordering(a, b)),
  ),
];
