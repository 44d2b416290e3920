import { CelFault, noSuchOverload } from '../values/cel-fault.ts';
import { opaque } from '../values/cel-type.ts';
import { fn, library, method } from './overload.ts';
import { Boxed, double, int } from '../values/value.ts';
import type { CelType } from '../values/cel-type.ts';

const TYPE = opaque('kubernetes.Quantity');
const NANO = 9;
const INT64_MAX = 0x7fffffffffffffffn;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** A resource quantity. Its precision is a billionth, as in Kubernetes. */
export class Quantity extends Boxed {
  readonly amount: bigint;
  /** The power of ten of its text. It decides if Kubernetes treats the quantity as an integer. */
  readonly scale: number;
  /** The quantity is the result of arithmetic. The API server accepts it only on the left side of `==`. */
  readonly made: boolean;
  constructor(amount: bigint, scale: number, made = false) {
    super();
    this.amount = amount;
    this.scale = scale;
    this.made = made;
  }
  get celType(): CelType {
    return TYPE;
  }
  equalTo(other: unknown): boolean {
    if (other instanceof Quantity && other.made) throw noSuchOverload('_==_');
    return other instanceof Quantity && other.amount === this.amount;
  }
}

/** The powers of ten of ordinary quantities. Computing one is slow, and every comparison of resources needs some. */
const powers: readonly bigint[] = Array.from({ length: 64 }, (_, power) => 10n ** BigInt(power));
const ten = (power: number): bigint => powers[power] ?? 10n ** BigInt(power);

/** Divides and rounds away from zero, so that a quantity above zero never becomes zero. */
function divideUp(a: bigint, b: bigint): bigint {
  return a % b === 0n ? a / b : a / b + (a < 0n ? -1n : 1n);
}

function scaled(digits: bigint, fraction: number, suffix: string): Quantity | undefined {
  const binary = BINARY[suffix];
  if (binary !== undefined) {
    return new Quantity(divideUp((digits << BigInt(binary)) * ten(NANO), ten(fraction)), fraction === 0 ? 0 : -1);
  }
  const exponent = DECIMAL[suffix] ?? (/^[eE][+-]?\d+$/.test(suffix) ? Number(suffix.slice(1)) : undefined);
  if (exponent === undefined) return undefined;
  const power = Math.min(exponent, 40) - fraction + NANO;
  const amount = power >= 0 ? digits * ten(power) : divideUp(digits, ten(Math.min(-power, 4000)));
  return new Quantity(amount, exponent - fraction);
}

const QUANTITY_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?((?:[numkMGTPE]|[KMGTPE]i)?|[eE][+-]?\d+)$/;

/** The maximum of a quantity is the largest int64, as in Kubernetes. */
const LIMIT = INT64_MAX * ten(NANO);

function capped(quantity: Quantity): Quantity {
  if (quantity.amount <= LIMIT && quantity.amount >= -LIMIT) return quantity;
  return new Quantity(quantity.amount > 0n ? LIMIT : -LIMIT, -1);
}

/** Parses a quantity such as `100m`, `1.5Gi` or `1e3`. Returns undefined if the text is not a quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const [, sign, whole = '', fraction = '', suffix = ''] = QUANTITY_TEXT.exec(text) ?? [];
  const digits = whole + fraction;
  if (digits === '') return undefined;
  const quantity = scaled(sign === '-' ? -BigInt(digits) : BigInt(digits), fraction.length, suffix);
  return quantity === undefined ? undefined : capped(quantity);
}

function quantity(text: string): Quantity {
  const parsed = parseQuantity(text);
  if (parsed !== undefined) return parsed;
  throw new CelFault(
    'invalid_argument',
    `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$': '${text}' does not`,
  );
}

function isInteger(quantity: Quantity): boolean {
  const limit = (INT64_MAX + 1n) * ten(NANO);
  return quantity.scale >= 0 && quantity.amount < limit && quantity.amount >= -limit;
}

function asInteger(quantity: Quantity): unknown {
  if (!isInteger(quantity)) throw new CelFault('invalid_argument', 'cannot convert value to integer');
  return int(quantity.amount / ten(NANO));
}

const compare = (a: Quantity, b: Quantity): number => (a.amount < b.amount ? -1 : a.amount > b.amount ? 1 : 0);
const sum = (a: Quantity, b: bigint, scale: number): Quantity => new Quantity(a.amount + b, Math.min(a.scale, scale), true);
const nanos = (n: number | bigint): bigint => BigInt(n) * ten(NANO);
const KIND = TYPE.name;

/** The functions of resource quantities. */
export const QUANTITY = library('1.28', [
  fn('quantity', 'string_to_quantity', `string -> ${KIND}`, quantity),
  fn('isQuantity', 'is_quantity_string', 'string -> bool', (text: string) => parseQuantity(text) !== undefined),
  fn('sign', 'quantity_sign', `${KIND} -> int`, (a: Quantity) => (a.amount > 0n ? 1 : a.amount < 0n ? -1 : 0)),
  method('isGreaterThan', 'quantity_is_greater_than', `${KIND}, ${KIND} -> bool`, (a: Quantity, b: Quantity) => compare(a, b) > 0),
  method('isLessThan', 'quantity_is_less_than', `${KIND}, ${KIND} -> bool`, (a: Quantity, b: Quantity) => compare(a, b) < 0),
  method('compareTo', 'quantity_compare_to', `${KIND}, ${KIND} -> int`, compare),
  method('asApproximateFloat', 'quantity_get_float', `${KIND} -> double`, (a: Quantity) => double(Number(a.amount) / 1e9)),
  method('asInteger', 'quantity_get_int', `${KIND} -> int`, asInteger),
  method('isInteger', 'quantity_is_integer', `${KIND} -> bool`, isInteger),
  method('add', 'quantity_add', `${KIND}, ${KIND} -> ${KIND}`, (a: Quantity, b: Quantity) => sum(a, b.amount, b.scale)),
  method('add', 'quantity_add_int', `${KIND}, int -> ${KIND}`, (a: Quantity, b: number | bigint) => sum(a, nanos(b), 0)),
  method('sub', 'quantity_sub', `${KIND}, ${KIND} -> ${KIND}`, (a: Quantity, b: Quantity) => sum(a, -b.amount, b.scale)),
  method('sub', 'quantity_sub_int', `${KIND}, int -> ${KIND}`, (a: Quantity, b: number | bigint) => sum(a, -nanos(b), 0)),
]);
