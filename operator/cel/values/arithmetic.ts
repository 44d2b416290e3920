import { CelFault, noSuchOverload } from './cel-fault.ts';
import { Duration, Timestamp } from './timestamp.ts';
import { Boxed, Double, double, floatOf, int, isDouble, isInt, numeric, Uint, uint } from './value.ts';

type Int = number | bigint;

function intOperation(a: Int, b: Int, fast: (a: number, b: number) => number, slow: (a: bigint, b: bigint) => bigint): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = fast(a, b);
    if (Number.isSafeInteger(result)) return result + 0;
  }
  return int(slow(BigInt(a), BigInt(b)));
}

function divisor(b: Int, what: string): void {
  if (b === 0 || b === 0n) throw new CelFault('divide_by_zero', `${what} by zero`);
}

const INT_OPERATIONS: Readonly<Record<string, (a: Int, b: Int) => Int>> = {
  '_+_': (a, b) =>
    intOperation(
      a,
      b,
      (x, y) => x + y,
      (x, y) => x + y,
    ),
  '_-_': (a, b) =>
    intOperation(
      a,
      b,
      (x, y) => x - y,
      (x, y) => x - y,
    ),
  '_*_': (a, b) =>
    intOperation(
      a,
      b,
      (x, y) => x * y,
      (x, y) => x * y,
    ),
  '_/_': (a, b) => (
    divisor(b, 'division'),
    intOperation(
      a,
      b,
      (x, y) => Math.trunc(x / y),
      (x, y) => x / y,
    )
  ),
  '_%_': (a, b) => (
    divisor(b, 'modulus'),
    intOperation(
      a,
      b,
      (x, y) => x % y,
      // The remainder in Go is 0, but the API server reports an overflow.
      (x, y) => (y === -1n && x === -0x8000000000000000n ? -x : x % y),
    )
  ),
};

const UINT_OPERATIONS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '_+_': (a, b) => a + b,
  '_-_': (a, b) => a - b,
  '_*_': (a, b) => a * b,
  '_/_': (a, b) => (divisor(b, 'division'), a / b),
  '_%_': (a, b) => (divisor(b, 'modulus'), a % b),
};

const DOUBLE_OPERATIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '_+_': (a, b) => a + b,
  '_-_': (a, b) => a - b,
  '_*_': (a, b) => a * b,
  '_/_': (a, b) => a / b,
};

function onDoubles(name: string, a: unknown, b: unknown): unknown {
  const operation = DOUBLE_OPERATIONS[name];
  if (operation === undefined || !isDouble(a) || !isDouble(b)) throw noSuchOverload(name);
  return double(operation(floatOf(a), floatOf(b)));
}

function onNumbers(name: string, a: unknown, b: unknown): unknown {
  if (isInt(a) && isInt(b)) return INT_OPERATIONS[name]?.(a, b);
  if (a instanceof Uint && b instanceof Uint) return uint(UINT_OPERATIONS[name]?.(a.unsigned, b.unsigned) ?? 0n);
  return onDoubles(name, a, b);
}

function concatBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function addTimes(a: Boxed, b: unknown): unknown {
  if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(a.epochNanos + b.nanos, a.offset);
  if (a instanceof Duration && b instanceof Timestamp) return new Timestamp(a.nanos + b.epochNanos, b.offset);
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.nanos + b.nanos);
  return onNumbers('_+_', a, b);
}

/** Evaluates `a + b` for values of any type. */
export function add(a: unknown, b: unknown): unknown {
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return (a as unknown[]).concat(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return concatBytes(a, b);
  if (a instanceof Boxed) return addTimes(a, b);
  return onNumbers('_+_', a, b);
}

/** Evaluates `a - b` for values of any type. */
export function subtract(a: unknown, b: unknown): unknown {
  if (a instanceof Timestamp && b instanceof Timestamp) return new Duration(a.epochNanos - b.epochNanos);
  if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(a.epochNanos - b.nanos, a.offset);
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.nanos - b.nanos);
  return onNumbers('_-_', a, b);
}

export const multiply = (a: unknown, b: unknown): unknown => onNumbers('_*_', a, b);
export const divide = (a: unknown, b: unknown): unknown => onNumbers('_/_', a, b);
export const modulo = (a: unknown, b: unknown): unknown => onNumbers('_%_', a, b);

/** Evaluates `-a`. */
export function negate(a: unknown): unknown {
  if (isInt(a))
    return intOperation(
      0,
      a,
      (x, y) => x - y,
      (x, y) => x - y,
    );
  if (isDouble(a)) return double(-floatOf(a));
  if (a instanceof Duration) return new Duration(-a.nanos);
  throw noSuchOverload('-_');
}

/** Compares strings by code point. Returns a negative number, 0 or a positive number. JavaScript compares by UTF-16 unit. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === length) return a.length - b.length;
  const x = a.charCodeAt(i);
  const y = b.charCodeAt(i);
  const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000;
  return isHigh(x) === isHigh(y) ? x - y : isHigh(x) ? 1 : -1;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const sign = (a: number | bigint | boolean, b: number | bigint | boolean): number => (a < b ? -1 : a > b ? 1 : a == b ? 0 : NaN);

/** Values with an order. Quantities are not included: they have methods to compare. */
function compareBoxed(a: unknown, b: unknown): number {
  if (a instanceof Timestamp && b instanceof Timestamp) return sign(a.epochNanos, b.epochNanos);
  if (a instanceof Duration && b instanceof Duration) return sign(a.nanos, b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  throw noSuchOverload('_<_');
}

/** Compares two values. Returns a negative number, 0, a positive number, or NaN if one of them is NaN. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return sign(a, b);
  const x = numeric(a);
  const y = numeric(b);
  if (x === undefined || y === undefined) return compareBoxed(a, b);
  return typeof x === typeof y ? sign(x, y) : sign(Number(x), Number(y));
}

/** Returns whether a value is NaN, as a number or as a `Double`. */
export function isNotANumber(a: unknown): boolean {
  return Number.isNaN(a) || (a instanceof Double && Number.isNaN(a.float));
}
