import { parseType, splitTypes } from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';
import { Boxed, isDouble, isInt, isMap, Optional, Uint } from '../values/value.ts';

/** What a function does with its arguments, the receiver first. It is called only with arguments of the overload's types. */
export type Implementation = (...args: never[]) => unknown;

/** One way to call a function. */
export interface Overload {
  readonly name: string;
  /** cel-go's id of the overload, or the like. */
  readonly id: string;
  readonly member: boolean;
  readonly params: readonly CelType[];
  readonly result: CelType;
  readonly run: (...args: unknown[]) => unknown;
  /** The first Kubernetes version that has it. */
  readonly since: string;
  /** The first Kubernetes version that no longer has it; undefined where each has. */
  readonly until: string | undefined;
  /** What a call costs beyond 1, in the API server's units; the receiver comes first. */
  readonly cost: ((args: readonly unknown[], result: unknown) => number) | undefined;
}

/** How an entry of a table is written: see `fn` and `method`. */
export interface OverloadEntry {
  readonly name: string;
  readonly id: string;
  readonly member: boolean;
  readonly signature: string;
  readonly run: Implementation;
  readonly cost?: Overload['cost'];
  readonly until?: string;
}

/** An entry for a global function or an operator: `fn('size', 'size_list', 'list(A) -> int', (l: unknown[]) => l.length)`. */
export const fn = (name: string, id: string, signature: string, run: Implementation): OverloadEntry => ({
  name,
  id,
  member: false,
  signature,
  run,
});
/** An entry for a method; the receiver's type is the first of the signature. */
export const method = (name: string, id: string, signature: string, run: Implementation): OverloadEntry => ({
  name,
  id,
  member: true,
  signature,
  run,
});
/** The entry with a cost of its own. */
export const costing = (cost: NonNullable<Overload['cost']>, entry: OverloadEntry): OverloadEntry => ({ ...entry, cost });

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** The entry, its ints given as numbers: for counts and places, of which none is near 2^53. */
export function counting(entry: OverloadEntry): OverloadEntry {
  const run = entry.run as Overload['run'];
  return { ...entry, run: (...args: unknown[]) => run(...args.map(plain)) };
}

/** The entry, which a Kubernetes version no longer has. */
export const goneWith = (until: string, entry: OverloadEntry): OverloadEntry => ({ ...entry, until });

/** Reads the entries of a library that came with a Kubernetes version. */
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

/** A list is what its first member is, as the API server has it; an empty one is any. */
function listGuard(of: CelType | undefined): (value: unknown) => boolean {
  if (of === undefined || ['dyn', 'param', 'list', 'map'].includes(of.kind)) return Array.isArray;
  const member = guardOf(of);
  return (value) => Array.isArray(value) && (value.length === 0 || member(value[0]));
}

/** Tells whether a value is of a type, as far as a running program can: lists by their first member, maps as such. */
export function guardOf(type: CelType): (value: unknown) => boolean {
  if (type.kind === 'list') return listGuard(type.params[0]);
  const guard = GUARDS[type.kind];
  if (guard !== undefined) return guard;
  if (type.kind === 'dyn' || type.kind === 'param') return () => true;
  if (type.name === 'optional_type') return (value) => value instanceof Optional;
  return (value) => value instanceof Boxed && value.celType.name === type.name;
}
