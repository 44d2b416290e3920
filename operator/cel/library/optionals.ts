import { CelFault } from '../values/cel-fault.ts';
import { fn, library, method } from './overload.ts';
import { isMap, mapSize, numeric, Optional } from '../values/value.ts';
import type { CelMap } from '../values/value.ts';

function isZero(value: unknown): boolean {
  if (value === null || value === '' || value === false) return true;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (isMap(value)) return mapSize(value) === 0;
  const n = numeric(value);
  return n !== undefined && n == 0;
}

function value(optional: Optional): unknown {
  if (optional.held === undefined) throw new CelFault('invalid_argument', 'optional.none() dereference');
  return optional.held;
}

const unwrap = (list: readonly unknown[]): unknown[] =>
  list.flatMap((item) => {
    if (!(item instanceof Optional)) throw new CelFault('no_such_overload', 'a value is not an optional');
    return item.held === undefined ? [] : [item.held];
  });

/** The functions of optional values. */
export const OPTIONALS = library('1.28', [
  fn('optional.of', 'optional_of', 'V -> optional(V)', (held: unknown) => new Optional(held)),
  fn('optional.ofNonZeroValue', 'optional_ofNonZeroValue', 'V -> optional(V)', (held: unknown) =>
    isZero(held) ? Optional.none : new Optional(held),
  ),
  fn('optional.none', 'optional_none', '-> optional(V)', () => Optional.none),
  method('value', 'optional_value', 'optional(V) -> V', value),
  method('hasValue', 'optional_hasValue', 'optional(V) -> bool', (optional: Optional) => optional.held !== undefined),
  method('or', 'optional_or_optional', 'optional(V), optional(V) -> optional(V)', (a: Optional, b: Optional) =>
    a.held === undefined ? b : a,
  ),
  method('orValue', 'optional_orValue_value', 'optional(V), V -> V', (a: Optional, b: unknown) => (a.held === undefined ? b : a.held)),
  fn('_[?_]', 'list_optindex_optional_int', 'list(V), int -> optional(V)', () => Optional.none),
  fn('_[?_]', 'optional_list_optindex_optional_int', 'optional(list(V)), int -> optional(V)', () => Optional.none),
  fn('_[?_]', 'map_optindex_optional_value', 'map(K, V), K -> optional(V)', () => Optional.none),
  fn('_[?_]', 'optional_map_optindex_optional_value', 'optional(map(K, V)), K -> optional(V)', () => Optional.none),
  fn('_[_]', 'optional_list_index_int', 'optional(list(V)), int -> optional(V)', () => Optional.none),
  fn('_[_]', 'optional_map_index_value', 'optional(map(K, V)), K -> optional(V)', () => Optional.none),
  method('last', 'list_last', 'list(V) -> optional(V)', (list: readonly unknown[]) =>
    list.length === 0 ? Optional.none : new Optional(list.at(-1)),
  ),
  method('first', 'list_first', 'list(V) -> optional(V)', (list: readonly unknown[]) =>
    list.length === 0 ? Optional.none : new Optional(list[0]),
  ),
  fn('optional.unwrap', 'optional_unwrap', 'list(optional(V)) -> list(V)', unwrap),
  method('unwrapOpt', 'optional_unwrapOpt', 'list(optional(V)) -> list(V)', unwrap),
]);

/** Inserts into the map of `transformMap`. Only the checker uses it: the evaluator inserts directly. */
export const MAP_INSERT = library('1.32', [
  fn('cel.@mapInsert', '@mapInsert_map_key_value', 'map(K, V), K, V -> map(K, V)', (map: CelMap) => map),
  fn('cel.@mapInsert', '@mapInsert_map_map', 'map(K, V), map(K, V) -> map(K, V)', (map: CelMap) => map),
]);
