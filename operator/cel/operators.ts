import { CelFault, noSuchOverload } from './cel-fault.ts';
import { double, Double, equal, floatOf, int, isDouble, isInt, isMap, lookup, numeric, Optional, uint, Uint } from './value.ts';

type Binary = (a: unknown, b: unknown) => unknown;

interface Arithmetic {
  readonly int: (a: bigint, b: bigint) => bigint;
  readonly double?: (a: number, b: number) => number;
}

const zeroChecked = (compute: (a: bigint, b: bigint) => bigint, what: string): ((a: bigint, b: bigint) => bigint) => {
  return (a, b) => {
    if (b === 0n) throw new CelFault('divide_by_zero', what);
    return compute(a, b);
  };
};

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  '_+_': { int: (a, b) => a + b, double: (a, b) => a + b },
  '_-_': { int: (a, b) => a - b, double: (a, b) => a - b },
  '_*_': { int: (a, b) => a * b, double: (a, b) => a * b },
  '_/_': { int: zeroChecked((a, b) => a / b, 'division by zero'), double: (a, b) => a / b },
  '_%_': { int: zeroChecked((a, b) => a % b, 'modulus by zero') },
};

function compute(name: string, { int: onInts, double: onDoubles }: Arithmetic): Binary {
  return (a, b) => {
    if (isInt(a) && isInt(b)) return int(onInts(BigInt(a), BigInt(b)));
    if (onDoubles && isDouble(a) && isDouble(b)) return double(onDoubles(floatOf(a), floatOf(b)));
    if (a instanceof Uint && b instanceof Uint) return uint(onInts(a.unsigned, b.unsigned));
    throw noSuchOverload(name);
  };
}

const numericAdd = compute('_+_', { int: (a, b) => a + b, double: (a, b) => a + b });

const add: Binary = (a, b) => {
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Uint8Array.from([...a, ...b]);
  return numericAdd(a, b);
};

/** Code points, not UTF-16 units: so the language orders text. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Less than, equal or greater than zero; undefined where a NaN makes every comparison false. */
export function compareValues(a: unknown, b: unknown, name = '_<_'): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  const [left, right] = [numeric(a), numeric(b)];
  if (left === undefined || right === undefined) throw noSuchOverload(name);
  if (left < right) return -1;
  if (left > right) return 1;
  return left == right ? 0 : undefined;
}

const ordered =
  (name: string, holds: (order: number) => boolean): Binary =>
  (a, b) => {
    const order = compareValues(a, b, name);
    return order !== undefined && holds(order);
  };

const contains: Binary = (element, container) => {
  if (Array.isArray(container)) return container.some((item) => equal(item, element));
  if (isMap(container)) return lookup(container, element) !== undefined;
  throw noSuchOverload('@in');
};

/** What is at an index of a list or under a key of a map; undefined where nothing is. */
export function at(container: unknown, key: unknown): unknown {
  if (Array.isArray(container)) return container[indexOf(key)];
  if (isMap(container)) return lookup(container, key);
  throw noSuchOverload('_[_]');
}

function indexOf(key: unknown): number {
  const index = numeric(key);
  if (index === undefined || Number(index) % 1 !== 0) throw noSuchOverload('_[_]');
  return Number(index);
}

const index: Binary = (container, key) => {
  const found = at(container, key);
  if (found !== undefined) return found;
  if (Array.isArray(container)) throw new CelFault('index_out_of_bounds', `index out of bounds: ${String(numeric(key))}`);
  throw new CelFault('no_such_key', `no such key: ${String(numeric(key) ?? key)}`);
};

const optionalIndex: Binary = (container, key) => {
  const inside = container instanceof Optional ? container.held : container;
  if (inside === undefined) return Optional.none;
  const found = at(inside, key);
  return found === undefined ? Optional.none : new Optional(found);
};

/** Operators of two operands by their name in the tree; `&&`, `||` and `?:` are the compiler's. */
export const binaryOperators: Readonly<Record<string, Binary>> = {
  ...Object.fromEntries(Object.entries(arithmetic).map(([name, operations]) => [name, compute(name, operations)])),
  '_+_': add,
  '_==_': equal,
  '_!=_': (a, b) => !equal(a, b),
  '_<_': ordered('_<_', (order) => order < 0),
  '_<=_': ordered('_<=_', (order) => order <= 0),
  '_>_': ordered('_>_', (order) => order > 0),
  '_>=_': ordered('_>=_', (order) => order >= 0),
  '@in': contains,
  '_[_]': (container, key) => (container instanceof Optional ? optionalIndex(container, key) : index(container, key)),
  '_[?_]': optionalIndex,
  '_?._': optionalIndex,
};

/** Operators of one operand by their name in the tree. */
export const unaryOperators: Readonly<Record<string, (value: unknown) => unknown>> = {
  '!_': (value) => {
    if (typeof value !== 'boolean') throw noSuchOverload('!_');
    return !value;
  },
  '-_': (value) => {
    if (isInt(value)) return int(-BigInt(value));
    if (isDouble(value)) return value instanceof Double ? double(-value.float) : double(-value);
    throw noSuchOverload('-_');
  },
};
