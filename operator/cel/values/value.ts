import type { CelType } from './cel-type.ts';
import { BYTES, BOOL, DOUBLE, DYN, INT, listOf, mapOf, NULL, opaque, STRING, UINT } from './cel-type.ts';
import { CelFault } from './cel-fault.ts';

/**
 * The base class of CEL values without a direct JavaScript form. Objects from `JSON.parse` are CEL values without conversion.
 *
 * | type | representation |
 * |---|---|
 * | null, bool, string | null, boolean, string |
 * | int | a number that is a safe integer, a bigint outside that range |
 * | double | a number that is not an integer, NaN, an infinity; `Double` for an integral number |
 * | uint | `Uint` |
 * | bytes | Uint8Array |
 * | list | an array |
 * | map | a plain object (string keys), or `CelMap` for a map that an expression created |
 * | everything else | a `Boxed` |
 */
export abstract class Boxed {
  abstract readonly celType: CelType;
  /** Returns whether the value is equal to a value of any type. */
  abstract equalTo(other: unknown): boolean;
}

/** An unsigned 64-bit integer. */
export class Uint extends Boxed {
  readonly unsigned: bigint;
  constructor(unsigned: bigint) {
    super();
    this.unsigned = unsigned;
  }
  get celType(): CelType {
    return UINT;
  }
  equalTo(other: unknown): boolean {
    return numericEqual(this.unsigned, other);
  }
}

/** A double with an integral value. A plain number with this value is an int. */
export class Double extends Boxed {
  readonly float: number;
  constructor(float: number) {
    super();
    this.float = float;
  }
  get celType(): CelType {
    return DOUBLE;
  }
  equalTo(other: unknown): boolean {
    return numericEqual(this.float, other);
  }
}

/** A type as a value. */
export class TypeValue extends Boxed {
  readonly typeName: string;
  constructor(typeName: string) {
    super();
    this.typeName = typeName;
  }
  get celType(): CelType {
    return TYPE_OF_TYPES;
  }
  equalTo(other: unknown): boolean {
    return other instanceof TypeValue && other.typeName === this.typeName;
  }
}
const TYPE_OF_TYPES: CelType = { kind: 'type', name: 'type', params: [] };
const OPTIONAL: CelType = opaque('optional_type', DYN);

/** An optional value. `held` is undefined if there is no value. */
export class Optional extends Boxed {
  static readonly none = new Optional(undefined);
  readonly held: unknown;
  constructor(held: unknown) {
    super();
    this.held = held;
  }
  get celType(): CelType {
    return OPTIONAL;
  }
  equalTo(other: unknown): boolean {
    if (!(other instanceof Optional)) return false;
    if (this.held === undefined || other.held === undefined) return this.held === other.held;
    return equal(this.held, other.held);
  }
}

/** A map that an expression created. Its keys can have any key type. 1, 1u and 1.0 are the same key. */
export class CelMap extends Boxed {
  readonly entryOf: ReadonlyMap<unknown, readonly [unknown, unknown]>;
  constructor(entryOf: ReadonlyMap<unknown, readonly [unknown, unknown]>) {
    super();
    this.entryOf = entryOf;
  }
  get celType(): CelType {
    return ANY_MAP;
  }
  equalTo(other: unknown): boolean {
    return isMap(other) && mapsEqual(this, other);
  }
}

const ANY_MAP = mapOf(DYN, DYN);
const ANY_LIST = listOf(DYN);

/** The property names of `Boxed` values. Fields with these names must not be read from a `Boxed` value. */
export const BOXED_PROPERTIES: readonly string[] = (
  'celType equalTo unsigned float typeName held entryOf nanos epochNanos amount scale numbers prerelease ' +
  'ipFamily bits address prefix source scheme host path query formatName complaints'
).split(' ');

const TWO_63 = 2 ** 63;

/** Returns whether a number is an integer beyond 2^53, which lost its precision in JSON.parse. */
export function isLossy(n: number): boolean {
  return Number.isInteger(n) && !Number.isSafeInteger(n) && n < TWO_63 && n >= -TWO_63;
}

function exact(n: number): number {
  if (isLossy(n))
    throw new CelFault('lossy_integer', `the integer ${String(n)} is beyond 2^53 and lost its precision when its JSON was read`);
  return n;
}

/** Converts a number to a CEL double. */
export function double(n: number): unknown {
  return Number.isInteger(n) ? new Double(n) : n;
}

/** Converts a bigint to a CEL int. Throws {@link CelFault} on overflow. */
export function int(n: bigint): number | bigint {
  if (n >= -9007199254740991n && n <= 9007199254740991n) return Number(n);
  if (n > 0x7fffffffffffffffn || n < -0x8000000000000000n) throw new CelFault('overflow', 'integer overflow');
  return n;
}

/** Converts a bigint to a CEL uint. Throws {@link CelFault} on overflow. */
export function uint(n: bigint): Uint {
  if (n < 0n || n > 0xffffffffffffffffn) throw new CelFault('overflow', 'unsigned integer overflow');
  return new Uint(n);
}

/** Returns the number of an int, uint or double, or undefined for other values. Comparisons of the results are exact. */
export function numeric(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return exact(value);
  if (typeof value === 'bigint') return value;
  if (value instanceof Double) return value.float;
  if (value instanceof Uint) return value.unsigned;
  return undefined;
}

/** Returns whether the value is an int. Returns false for a double with an integral value. */
export function isInt(value: unknown): value is number | bigint {
  if (typeof value === 'number') return Number.isSafeInteger(value) || (isLossy(value) && exact(value) === value);
  return typeof value === 'bigint';
}

/** Returns whether the value is a double. */
export function isDouble(value: unknown): value is number | Double {
  return typeof value === 'number' ? !isInt(value) : value instanceof Double;
}

/** Returns the number of a double. */
export function floatOf(value: unknown): number {
  return value instanceof Double ? value.float : (value as number);
}

/** Returns whether the value is a map: a plain object or a `CelMap`. */
export function isMap(value: unknown): value is CelMap | Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return value instanceof Boxed ? value instanceof CelMap : !(value instanceof Uint8Array);
}

/** Returns whether the value is a plain object. Does not read the prototype, which is slow in V8. */
export function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return isMap(value) && !(value instanceof CelMap);
}

/** Returns the key of an entry in a `CelMap`, or undefined for a value that cannot be a key. */
export function keyOf(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  const n = numeric(value);
  if (n === undefined) return undefined;
  if (typeof n === 'bigint') return n >= -9007199254740991n && n <= 9007199254740991n ? Number(n) : n;
  return Number.isInteger(n) && !Number.isSafeInteger(n) ? BigInt(n) : n + 0;
}

/** Returns the value for a key, or undefined. */
export function lookup(map: CelMap | Readonly<Record<string, unknown>>, key: unknown): unknown {
  if (map instanceof CelMap) return map.entryOf.get(key === null ? null : keyOf(key))?.[1];
  return typeof key === 'string' && Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Returns the entries of a map in its order. */
export function entriesOf(map: CelMap | Readonly<Record<string, unknown>>): Iterable<readonly [unknown, unknown]> {
  return map instanceof CelMap ? map.entryOf.values() : Object.entries(map);
}

/** Returns the keys of a map in its order. */
export function keysOf(map: CelMap | Readonly<Record<string, unknown>>): unknown[] {
  return map instanceof CelMap ? [...map.entryOf.values()].map((entry) => entry[0]) : Object.keys(map);
}

/** Returns the number of entries of a map. */
export function mapSize(map: CelMap | Readonly<Record<string, unknown>>): number {
  return map instanceof CelMap ? map.entryOf.size : Object.keys(map).length;
}

/** Returns whether two numbers are equal in cel-go. To compare an int beyond 2^53 with a double, it is converted to the nearest double. */
function sameNumber(a: number | bigint, b: number | bigint): boolean {
  return typeof a === typeof b ? a === b : Number(a) === Number(b);
}

function numericEqual(a: number | bigint, b: unknown): boolean {
  const other = numeric(b);
  return other !== undefined && sameNumber(a, other);
}

function listsEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i])) return false;
  return true;
}

function mapsEqual(a: CelMap | Readonly<Record<string, unknown>>, b: CelMap | Readonly<Record<string, unknown>>): boolean {
  if (mapSize(a) !== mapSize(b)) return false;
  for (const [key, value] of entriesOf(a)) {
    const other = lookup(b, key);
    if (other === undefined || !equal(value, other)) return false;
  }
  return true;
}

function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function objectsEqual(a: object, b: unknown): boolean {
  if (a instanceof Boxed) return a.equalTo(b);
  if (Array.isArray(a)) return Array.isArray(b) && listsEqual(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && bytesEqual(a, b);
  return isMap(b) && mapsEqual(a as Readonly<Record<string, unknown>>, b);
}

/** Returns whether two values are equal. Numbers of all types are compared by value. Other values are only equal to values of their own type. */
export function equal(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' || typeof a === 'boolean' || a === null) return a === b;
  if (typeof a === 'number' || typeof a === 'bigint') return numericEqual(numeric(a) as number | bigint, b);
  return objectsEqual(a as object, b);
}

/** Returns the type of a value. Types of lists and maps do not include the types of their elements. */
export function typeOfValue(value: unknown): CelType {
  switch (typeof value) {
    case 'string':
      return STRING;
    case 'boolean':
      return BOOL;
    case 'number':
      return isInt(value) ? INT : DOUBLE;
    case 'bigint':
      return INT;
    default:
      return typeOfObject(value);
  }
}

function typeOfObject(value: unknown): CelType {
  if (value === null) return NULL;
  if (value instanceof Boxed) return value.celType;
  if (Array.isArray(value)) return ANY_LIST;
  return value instanceof Uint8Array ? BYTES : ANY_MAP;
}
