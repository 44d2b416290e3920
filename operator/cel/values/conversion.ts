import { CelFault } from './cel-fault.ts';
import { Duration, epochSeconds, parseDuration, parseTimestamp, showDuration, showTimestamp, Timestamp } from './timestamp.ts';
import { Boxed, double, Double, int, isDouble, isInt, numeric, TypeValue, Uint, uint } from './value.ts';

function invalid(type: string, value: unknown): CelFault {
  return new CelFault('invalid_argument', `type conversion error: cannot make ${type} of ${show(value)}`);
}

/** Returns the number of a numeric value, or NaN for other values. */
export function numberOf(value: unknown): number | bigint {
  return numeric(value) ?? NaN;
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** Evaluates `bool(text)` with the spellings of Go. */
export function stringToBool(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw invalid('bool', text);
}

const DIGITS = '\\d+(?:_\\d+)*';
const DECIMAL = new RegExp(`^[+-]?(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?$`);
const SPECIAL: Readonly<Record<string, number>> = {
  nan: NaN,
  inf: Infinity,
  '+inf': Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
  '+infinity': Infinity,
  '-infinity': -Infinity,
};

/** Evaluates `double(x)`. */
export function toDouble(value: unknown): unknown {
  if (typeof value !== 'string') return isDouble(value) ? value : double(Number(numberOf(value)));
  const special = SPECIAL[value.toLowerCase()];
  if (special !== undefined) return double(special);
  const number = DECIMAL.test(value) ? Number(value.replaceAll('_', '')) : NaN;
  if (!Number.isFinite(number)) throw invalid('double', value);
  return double(number);
}

function truncated(value: number | Double, low: number, high: number): bigint {
  const n = value instanceof Double ? value.float : value;
  if (!(n > low && n < high)) throw new CelFault('overflow', 'integer overflow');
  return BigInt(Math.trunc(n));
}

/** Evaluates `int(x)`. */
export function toInt(value: unknown): unknown {
  if (isInt(value)) return value;
  if (value instanceof Uint) return int(value.unsigned);
  if (isDouble(value)) return int(truncated(value, -(2 ** 63), 2 ** 63));
  if (value instanceof Timestamp) return int(epochSeconds(value));
  if (value instanceof Duration) return int(value.nanos);
  if (typeof value !== 'string' || !/^[+-]?\d+$/.test(value)) throw invalid('int', value);
  const n = BigInt(value.replace(/^\+/, ''));
  if (n !== BigInt.asIntN(64, n)) throw invalid('int', value);
  return int(n);
}

/** Evaluates `uint(x)`. */
export function toUint(value: unknown): unknown {
  if (value instanceof Uint) return value;
  if (isInt(value)) return uint(BigInt(value));
  if (isDouble(value)) return uint(truncated(value, -Number.MIN_VALUE, 2 ** 64));
  if (typeof value !== 'string' || !/^\d+$/.test(value) || BigInt(value) !== BigInt.asUintN(64, BigInt(value)))
    throw invalid('uint', value);
  return uint(BigInt(value));
}

/** Formats a finite double without an exponent. */
function positional(n: number): string {
  return /e/.test(String(n)) ? n.toFixed(20).replace(/0+$/, '') : String(n);
}

/** Formats a double in the shortest form of Go. */
export function showDouble(n: number): string {
  if (Number.isNaN(n)) return 'NaN';
  if (!Number.isFinite(n)) return n > 0 ? '+Inf' : '-Inf';
  if (Object.is(n, -0)) return '-0';
  const [digits = '', exponent = '0'] = n.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return positional(n);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function bytesToText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelFault('invalid_argument', 'invalid UTF-8 in bytes, cannot convert to string');
  }
}

/** Evaluates `string(x)`. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || isInt(value)) return String(value);
  if (isDouble(value)) return showDouble(value instanceof Double ? value.float : value);
  if (value instanceof Uint) return value.unsigned.toString();
  if (value instanceof Uint8Array) return bytesToText(value);
  if (value instanceof Timestamp) return showTimestamp(value);
  if (value instanceof Duration) return showDuration(value);
  throw invalid('string', value);
}

/** Evaluates `duration(x)` for text such as `1h30m`, or for a duration. */
export function toDuration(value: unknown): Duration {
  if (value instanceof Duration) return value;
  if (isInt(value)) throw new CelFault('invalid_argument', "type conversion error from 'int' to 'google.protobuf.Duration'");
  const parsed = typeof value === 'string' ? parseDuration(value) : undefined;
  if (parsed === undefined) throw invalid('duration', value);
  return parsed;
}

/** Evaluates `timestamp(x)` for RFC 3339 text, or for seconds since 1970. */
export function toTimestamp(value: unknown): Timestamp {
  if (value instanceof Timestamp) return value;
  if (isInt(value)) return new Timestamp(BigInt(value) * 1_000_000_000n);
  const parsed = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (parsed === undefined) throw invalid('timestamp', value);
  return parsed;
}

/** Formats a value for an error message. */
export function show(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof TypeValue) return value.typeName;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && !(value instanceof Boxed)) return 'a map';
  try {
    return toText(value);
  } catch {
    return value instanceof Boxed ? `a ${value.celType.name}` : 'a value';
  }
}
