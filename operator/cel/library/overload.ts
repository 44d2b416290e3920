import { parseType, splitTypes } from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';
import { Boxed, isDouble, isInt, isMap, Optional, Uint } from '../values/value.ts';

/** The implementation of an overload. The receiver is the first argument. All arguments have the types of the overload. */
export type Implementation = (...args: never[]) => unknown;

/** One signature of a function. */
export interface Overload {
  readonly name: string;
  /** The id of the overload. If cel-go has the overload, it is the id of cel-go. */
  readonly id: string;
  readonly member: boolean;
  readonly params: readonly CelType[];
  readonly result: CelType;
  readonly run: (...args: unknown[]) => unknown;
  /** The first Kubernetes version with the overload. */
  readonly since: string;
  /** The first Kubernetes version without the overload. Undefined if no version removed it. */
  readonly until: string | undefined;
  /** Returns the cost of a call beyond 1, in cost units of the API server. The receiver is the first argument. */
  readonly cost: ((args: readonly unknown[], result: unknown) => number) | undefined;
}

/** An entry of a table of functions. {@link fn} and {@link method} create it. */
export interface OverloadEntry {
  readonly name: string;
  readonly id: string;
  readonly member: boolean;
  readonly signature: string;
  readonly run: Implementation;
  readonly cost?: Overload['cost'];
  readonly until?: string;
}

/** Creates an entry for a global function or an operator: `fn('size', 'size_list', 'list(A) -> int', (l: unknown[]) => l.length)`. */
export const fn = (name: string, id: string, signature: string, run: Implementation): OverloadEntry => ({
  name,
  id,
  member: false,
  signature,
  run,
});
/** Creates an entry for a method. The first type of the signature is the type of the receiver. */
export const method = (name: string, id: string, signature: string, run: Implementation): OverloadEntry => ({
  name,
  id,
  member: true,
  signature,
  run,
});
/** Returns the entry with a cost function. */
export const withCost = (cost: NonNullable<Overload['cost']>, entry: OverloadEntry): OverloadEntry => ({ ...entry, cost });

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** Returns the entry with arguments of type int converted to numbers. For counts and indices, which are far below 2^53. */
export function withNumberArguments(entry: OverloadEntry): OverloadEntry {
  const run = entry.run as Overload['run'];
  return { ...entry, run: (...args: unknown[]) => run(...args.map(plain)) };
}

/** Returns the entry with the first Kubernetes version that does not have it. */
export const removedIn = (until: string, entry: OverloadEntry): OverloadEntry => ({ ...entry, until });

/** Creates the overloads of a library. `since` is the first Kubernetes version with the library. */
export function library(since: string, entries: readonly OverloadEntry[]): Overload[] {
  return entries.map((entry) => {
    const [params = '', result = ''] = entry.signature.split('->').map((part) => part.trim());
    return {
      name: entry.name,
      id: entry.id,
      member: entry.member,
      params: splitTypes(params).map(parseType),
      result: parseType(result),
      run: entry.run as Overload['run'],
      since,
      until: entry.until,
      cost: entry.cost,
    };
  });
}

const GUARDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  bool: (value) => typeof value === 'boolean',
  int: isInt,
  uint: (value) => value instanceof Uint,
  double: isDouble,
  string: (value) => typeof value === 'string',
  bytes: (value) => value instanceof Uint8Array,
  list: (value) => Array.isArray(value),
  map: isMap,
};

/** Returns whether a list has a type, by its first member, as the API server does. An empty list has every list type. */
function listGuard(of: CelType | undefined): (value: unknown) => boolean {
  if (of === undefined || ['dyn', 'param', 'list', 'map'].includes(of.kind)) return Array.isArray;
  const member = guardOf(of);
  return (value) => Array.isArray(value) && (value.length === 0 || member(value[0]));
}

/** Returns a function that tests if a value has a type at run time. Lists are tested by their first member. The types in maps are not tested. */
export function guardOf(type: CelType): (value: unknown) => boolean {
  if (type.kind === 'list') return listGuard(type.params[0]);
  const guard = GUARDS[type.kind];
  if (guard !== undefined) return guard;
  if (type.kind === 'dyn' || type.kind === 'param') return () => true;
  if (type.name === 'optional_type') return (value) => value instanceof Optional;
  return (value) => value instanceof Boxed && value.celType.name === type.name;
}
