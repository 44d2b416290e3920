import { fn, library } from './overload.ts';
import { equal } from '../values/value.ts';

type List = readonly unknown[];

const has = (list: List, value: unknown): boolean => list.some((item) => equal(item, value));
const contains = (list: List, part: List): boolean => part.every((item) => has(list, item));

/** The functions of lists as sets. */
export const SETS = library('1.29', [
  fn('sets.contains', 'list_sets_contains_list', 'list(T), list(T) -> bool', contains),
  fn('sets.equivalent', 'list_sets_equivalent_list', 'list(T), list(T) -> bool', (a: List, b: List) => contains(a, b) && contains(b, a)),
  fn('sets.intersects', 'list_sets_intersects_list', 'list(T), list(T) -> bool', (a: List, b: List) => a.some((item) => has(b, item))),
]);
