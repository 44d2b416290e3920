import { compareStrings } from '../arithmetic.ts';
import { CelFault } from '../cel-fault.ts';
import { showDouble, toText } from '../conversion.ts';
import { Boxed, entriesOf, floatOf, isDouble, isInt, isMap, numeric, TypeValue, Uint } from '../value.ts';
import type { CelMap } from '../value.ts';

function complaint(message: string): CelFault {
  return new CelFault('invalid_argument', message);
}

/** A value as `%s` writes it. */
export function display(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return value;
  if (isDouble(value)) return plainDouble(floatOf(value));
  if (Array.isArray(value)) return `[${value.map(display).join(', ')}]`;
  if (isMap(value)) return displayMap(value);
  if (value instanceof TypeValue) return value.typeName;
  try {
    return toText(value);
  } catch {
    throw complaint(`could not convert argument to string: ${value instanceof Boxed ? value.celType.name : typeof value}`);
  }
}

function displayMap(map: CelMap | Readonly<Record<string, unknown>>): string {
  const entries = [...entriesOf(map)].map(([key, value]) => [display(key), display(value)] as const);
  return `{${entries
    .sort((a, b) => compareStrings(a[0], b[0]))
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')}}`;
}

function special(n: number): string | undefined {
  if (Number.isNaN(n)) return 'NaN';
  return Number.isFinite(n) ? undefined : n > 0 ? 'Infinity' : '-Infinity';
}

const plainDouble = (n: number): string => special(n) ?? showDouble(n);

function decimal(value: unknown): string {
  if (isInt(value)) return String(value);
  if (value instanceof Uint) return value.unsigned.toString();
  const named = isDouble(value) ? special(floatOf(value)) : undefined;
  if (named !== undefined) return named;
  throw complaint('error during formatting: decimal clause can only be used on integers');
}

function real(value: unknown, clause: string): number {
  const n = numeric(value);
  if (n !== undefined) return Number(n);
  throw complaint(`error during formatting: ${clause} clause can only be used on doubles`);
}

function fixed(value: unknown, precision: number): string {
  const n = real(value, 'fixed-point');
  return (
    special(n) ?? (Math.abs(n) < 1e21 ? n.toFixed(precision) : BigInt(n).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : ''))
  );
}

function scientific(value: unknown, precision: number): string {
  const n = real(value, 'scientific');
  return special(n) ?? n.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
}

function integer(value: unknown): bigint | undefined {
  if (isInt(value)) return BigInt(value);
  return value instanceof Uint ? value.unsigned : undefined;
}

function binary(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const n = integer(value);
  if (n === undefined) throw complaint('error during formatting: only integers and bools can be formatted as binary');
  return n.toString(2);
}

function octal(value: unknown): string {
  const n = integer(value);
  if (n === undefined) throw complaint('error during formatting: octal clause can only be used on integers');
  return n.toString(8);
}

function hex(value: unknown): string {
  const n = integer(value);
  if (n !== undefined) return n.toString(16);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (bytes instanceof Uint8Array) return bytes.toHex();
  throw complaint('error during formatting: only integers, byte buffers, and strings can be formatted as hex');
}

const CLAUSES: Readonly<Record<string, (value: unknown, precision: number) => string>> = {
  s: display,
  d: decimal,
  f: fixed,
  e: scientific,
  b: binary,
  o: octal,
  x: hex,
  X: (value) => hex(value).toUpperCase(),
};
const CLAUSE = /%(?:(%)|(?:\.(\d+))?([a-zA-Z])|(.?))/gsu;

/** `template.format(args)`. */
export function format(template: string, args: readonly unknown[]): string {
  let used = 0;
  const out = template.replace(CLAUSE, (_, ...groups: (string | undefined)[]) => {
    const [percent, precision, clause, other] = groups;
    if (percent !== undefined) return '%';
    const run = clause === undefined ? undefined : CLAUSES[clause];
    if (run === undefined) throw complaint(`could not parse formatting clause: unrecognized formatting clause "${clause ?? other ?? ''}"`);
    if (used >= args.length) throw complaint(`index ${String(used)} out of range`);
    return run(args[used++], precision === undefined ? 6 : Number(precision));
  });
  if (used < args.length)
    throw complaint(`too many arguments supplied to string.format (expected ${String(used)}, got ${String(args.length)})`);
  return out;
}
