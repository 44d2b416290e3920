import { add, compare } from '../values/arithmetic.ts';
import { absorb, CelFault } from '../values/cel-fault.ts';
import { withNumberArguments, fn, removedIn, library, method } from './overload.ts';
import { Duration } from '../values/timestamp.ts';
import { double, equal, typeOfValue, Uint } from '../values/value.ts';

type List = readonly unknown[];

/** Returns whether `a` comes after `b`. Returns false for values that cannot be compared, as the API server does. */
function isAfter(a: unknown, b: unknown): boolean {
  try {
    return compare(a, b) > 0;
  } catch (error) {
    absorb(error);
    return false;
  }
}

function isSorted(list: List): boolean {
  return list.every((item, i) => i === 0 || !isAfter(list[i - 1], item));
}

function extreme(list: List, name: string, sign: number): unknown {
  if (list.length === 0) throw new CelFault('invalid_argument', `${name} called on empty list`);
  return list.reduce((best, item) => ((sign > 0 ? isAfter(item, best) : isAfter(best, item)) ? item : best));
}

const indexOf = (list: List, value: unknown): number => list.findIndex((item) => equal(item, value));
const lastIndexOf = (list: List, value: unknown): number => list.findLastIndex((item) => equal(item, value));

const ZEROS: readonly (readonly [string, unknown])[] = [
  ['int', 0],
  ['uint', new Uint(0n)],
  ['double', double(0)],
  ['duration', new Duration(0n)],
];
const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

/** The list functions of Kubernetes. */
const KUBERNETES_LISTS = library('1.0', [
  ...COMPARABLE.flatMap((type) => [
    method('isSorted', `list_${type}_is_sorted_bool`, `list(${type}) -> bool`, isSorted),
    method('min', `list_${type}_min_${type}`, `list(${type}) -> ${type}`, (list: List) => extreme(list, 'min', -1)),
    method('max', `list_${type}_max_${type}`, `list(${type}) -> ${type}`, (list: List) => extreme(list, 'max', 1)),
  ]),
  ...ZEROS.map(([type, zero]) =>
    method('sum', `list_${type}_sum_${type}`, `list(${type}) -> ${type}`, (list: List) => list.reduce(add, zero)),
  ),
  method('indexOf', 'list_a_index_of_int', 'list(A), A -> int', indexOf),
  method('lastIndexOf', 'list_a_last_index_of_int', 'list(A), A -> int', lastIndexOf),
]);

function slice(list: List, from: number, to: number): List {
  if (from < 0 || to < 0)
    throw new CelFault('invalid_argument', `cannot slice(${String(from)}, ${String(to)}), negative indexes not supported`);
  if (from > to)
    throw new CelFault(
      'invalid_argument',
      `cannot slice(${String(from)}, ${String(to)}), start index must be less than or equal to end index`,
    );
  if (to > list.length)
    throw new CelFault('invalid_argument', `cannot slice(${String(from)}, ${String(to)}), list is length ${String(list.length)}`);
  return list.slice(from, to);
}

function flatten(list: List, depth: number): List {
  if (depth < 0) throw new CelFault('budget_exceeded', 'level must be non-negative: the API server takes its cost for unbounded');
  return list.flat(depth);
}

/** Returns each value once. Every NaN is kept, because NaN is not equal to NaN. */
const distinct = (list: List): List => list.filter((item, i) => list.findIndex((other, at) => at === i || equal(item, other)) === i);

/** Sorts the items by their keys. Keeps the order of items with equal keys. */
function sortedBy(list: List, keys: List): List {
  if (keys.length !== list.length)
    throw new CelFault('invalid_argument', '@sortByAssociatedKeys() expected a list of the same size as the associated keys');
  const [first] = keys;
  if (keys.some((key) => typeOfValue(key).name !== typeOfValue(first).name))
    throw new CelFault('invalid_argument', 'list elements must have the same type');
  return keys
    .map((key, i) => ({ key, item: list[i] }))
    .sort((a, b) => compare(a.key, b.key))
    .map((entry) => entry.item);
}

function range(n: number | bigint): List {
  if (n > 1_000_000) throw new CelFault('budget_exceeded', 'operation cancelled: actual cost limit exceeded');
  return Array.from({ length: n > 0 ? Number(n) : 0 }, (_, i) => i);
}

/** A negative size is an error from 1.37. Older versions return the empty list. */
function checkedRange(n: number | bigint): List {
  if (n < 0) throw new CelFault('invalid_argument', `lists.range: size must be non-negative, got ${String(n)}`);
  return range(n);
}

const EXTENDED_LISTS = library('1.34', [
  withNumberArguments(method('slice', 'list_slice', 'list(T), int, int -> list(T)', slice)),
  method('flatten', 'list_flatten', 'list(list(T)) -> list(T)', (list: List) => flatten(list, 1)),
  withNumberArguments(method('flatten', 'list_flatten_int', 'list(dyn), int -> list(dyn)', flatten)),
  method('reverse', 'list_reverse', 'list(T) -> list(T)', (list: List) => list.toReversed()),
  method('distinct', 'list_distinct', 'list(T) -> list(T)', distinct),
  ...COMPARABLE.flatMap((type) => [
    method('sort', `list_${type}_sort`, `list(${type}) -> list(${type})`, (list: List) => sortedBy(list, list)),
    method('@sortByAssociatedKeys', `list_${type}_sortByAssociatedKeys`, `list(T), list(${type}) -> list(T)`, sortedBy),
  ]),
]);

/** The list functions of Kubernetes, and those of cel-go that 1.34 added. */
export const LISTS = [
  ...KUBERNETES_LISTS,
  ...EXTENDED_LISTS,
  ...library('1.34', [removedIn('1.37', fn('lists.range', 'lists_range', 'int -> list(int)', range))]),
  ...library('1.37', [fn('lists.range', 'lists_range', 'int -> list(int)', checkedRange)]),
];
