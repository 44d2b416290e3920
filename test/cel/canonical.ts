import { floatOf, isDouble, isInt, isMap, entriesOf, Optional, TypeValue, typeOfValue, Uint } from '../../operator/cel/values/value.ts';
import { Duration, Timestamp } from '../../operator/cel/values/timestamp.ts';

const hex = (text: string): string => Buffer.from(text).toString('hex');

/** Formats a double as Go does with 'e' and the shortest precision. */
function exponential(n: number): string {
  if (Number.isNaN(n)) return 'dNaN';
  if (!Number.isFinite(n)) return n > 0 ? 'd+Inf' : 'd-Inf';
  const sign = Object.is(n, -0) ? '-' : '';
  return `d${sign}${n.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')}`;
}

function ofBoxed(value: object): string {
  if (value instanceof Uint) return `${value.unsigned}u`;
  if (value instanceof Timestamp) return timestamp(value.epochNanos);
  if (value instanceof Duration) return `D${value.nanos}`;
  if (value instanceof Optional) return value.held === undefined ? 'none' : `some(${canonical(value.held)})`;
  return value instanceof TypeValue ? `type(${value.typeName})` : typeOfValue(value).name;
}

function timestamp(nanos: bigint): string {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return `t${(nanos - rest) / 1_000_000_000n}.${rest}`;
}

/** Formats a value with its type, and with sorted entries of maps, as hack/cel-oracle does. */
export function canonical(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `s${hex(value)}`;
  if (typeof value === 'boolean' || isInt(value)) return String(value);
  if (isDouble(value)) return exponential(floatOf(value));
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isMap(value)) return ofBoxed(value as object);
  const parts = [...entriesOf(value)].map(([key, item]) => `${canonical(key)}:${canonical(item)}`);
  return `{${parts.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join(',')}}`;
}
