import { compareStrings } from '../values/arithmetic.ts';
import { CelFault } from '../values/cel-fault.ts';
import { showDouble, toText } from '../values/conversion.ts';
import { Duration, Timestamp } from '../values/timestamp.ts';
import { Boxed, Double, entriesOf, floatOf, isDouble, isInt, isMap, TypeValue, Uint } from '../values/value.ts';
import type { CelMap } from '../values/value.ts';

function formatError(message: string): CelFault {
  return new CelFault('invalid_argument', message);
}

const STRINGABLE = 'strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps';

/** Formats a value for `%s`: as `string()` does, and lists and maps with their members as literals. */
export function display(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(member).join(', ')}]`;
  if (isMap(value)) return displayMap(value);
  if (value === null) return 'null';
  if (value instanceof TypeValue) return value.typeName;
  if (isDouble(value)) return infinite(floatOf(value), ['+Inf', '-Inf']) ?? showDouble(floatOf(value));
  if (
    value instanceof Boxed &&
    !(value instanceof Timestamp || value instanceof Duration || value instanceof Uint || value instanceof Double)
  )
    throw formatError(`error during formatting: string clause can only be used on ${STRINGABLE}, was given ${value.celType.name}`);
  return toText(value);
}

/** Formats a member of a list or map: strings in quotes, times and bytes as calls of their constructors, doubles with six decimals. */
function member(value: unknown): string {
  if (typeof value === 'string') return quoteText(value);
  if (isDouble(value)) return infinite(floatOf(value), ['"+Inf"', '"-Inf"', '"NaN"']) ?? rounded(floatOf(value), 6);
  if (value instanceof Uint8Array) return `b${quoteText(toText(value))}`;
  if (value instanceof Timestamp) return `timestamp("${toText(value)}")`;
  if (value instanceof Duration) return `duration("${toText(value)}")`;
  return display(value);
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** Returns a text in double quotes, as `strconv.Quote` of Go does. */
function quoteText(text: string): string {
  const escaped = text.replace(/["\\\p{C}\p{Zl}\p{Zp}]/gu, (c) => {
    const named = NAMED_ESCAPES[c];
    if (named !== undefined) return named;
    const code = c.codePointAt(0) ?? 0;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

function displayKey(key: unknown): string {
  if (typeof key === 'string' || typeof key === 'boolean' || isInt(key) || key instanceof Uint) return member(key);
  throw formatError('no formatting function for map keys of this type: they are strings, bools, ints or uints');
}

function displayMap(map: CelMap | Readonly<Record<string, unknown>>): string {
  const entries = [...entriesOf(map)].map(([key, value]) => [displayKey(key), member(value)] as const);
  return `{${entries
    .sort((a, b) => compareStrings(a[0], b[0]))
    .map(([key, value]) => `${key}:${value}`)
    .join(', ')}}`;
}

/** The texts for plus infinity, minus infinity and NaN. */
function infinite(n: number, [plus, minus, none = 'NaN']: readonly [string, string, string?]): string | undefined {
  if (Number.isNaN(n)) return none;
  return Number.isFinite(n) ? undefined : n > 0 ? plus : minus;
}

/** Formats a number with a fixed number of decimals and the rounding of Go. Negative zero keeps its sign. */
function rounded(n: number, precision: number): string {
  const sign = n < 0 || Object.is(n, -0) ? '-' : '';
  return sign + unsignedFixed(Math.abs(n), precision);
}

function decimal(value: unknown): string {
  if (isInt(value)) return String(value);
  if (value instanceof Uint) return value.unsigned.toString();
  throw formatError('error during formatting: decimal clause can only be used on integers');
}

function real(value: unknown, clause: string): number {
  if (isDouble(value)) return floatOf(value);
  throw formatError(`error during formatting: ${clause} clause can only be used on doubles`);
}

/** Returns whether the digits after the last kept digit are exactly a half. Go then rounds to the even digit, and JavaScript rounds up. */
function isTie(exact: string, kept: number): boolean {
  return /^50*$/.test(exact.slice(kept));
}

/** Lowers the last digit if JavaScript rounded a tie up to an odd digit. There is no carry, because the digit is at least 1. */
function roundHalfEven(rounded: string, exact: string, kept: number): string {
  const last = rounded.at(kept - 1) ?? '0';
  if (!isTie(exact, kept) || Number(last) % 2 === 0) return rounded;
  return rounded.slice(0, kept - 1) + String(Number(last) - 1) + rounded.slice(kept);
}

function unsignedFixed(n: number, precision: number): string {
  if (n >= 1e21) return BigInt(n).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
  const text = n.toFixed(Math.min(precision, 100));
  const exact = n.toFixed(100);
  const dot = exact.indexOf('.');
  if (precision > 0) return roundHalfEven(text, exact, dot + 1 + precision);
  return exact.slice(dot + 1).startsWith('5') ? roundHalfEven(text, exact.replace('.', ''), dot) : text;
}

/** Formats `%f` with commas, as the API server does in English. */
function fixed(value: unknown, precision: number): string {
  const n = real(value, 'fixed-point');
  const named = infinite(n, ['∞', '-∞']);
  if (named !== undefined) return named;
  const [whole = '', ...places] = rounded(n, precision).split('.');
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...places].join('.');
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Formats `%e` with six decimals and a superscript exponent, as the API server does in English. */
function scientific(value: unknown): string {
  const n = real(value, 'scientific');
  const named = infinite(n, ['     ∞', '    -∞']);
  if (named !== undefined) return named;
  const [digits = '', exponent = ''] = n.toExponential(6).split('e');
  const raised = exponent
    .slice(1)
    .padStart(2, '0')
    .replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)] ?? '');
  return `${Object.is(n, -0) ? '-' : ''}${digits}×10${exponent.startsWith('-') ? '⁻' : ''}${raised}`;
}

function integer(value: unknown): bigint | undefined {
  if (isInt(value)) return BigInt(value);
  return value instanceof Uint ? value.unsigned : undefined;
}

function binary(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const n = integer(value);
  if (n === undefined) throw formatError('error during formatting: only integers and bools can be formatted as binary');
  return n.toString(2);
}

function octal(value: unknown): string {
  const n = integer(value);
  if (n === undefined) throw formatError('error during formatting: octal clause can only be used on integers');
  return n.toString(8);
}

function hex(value: unknown): string {
  const n = integer(value);
  if (n !== undefined) return n.toString(16);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (bytes instanceof Uint8Array) return bytes.toHex();
  throw formatError('error during formatting: only integers, byte buffers, and strings can be formatted as hex');
}

interface Clause {
  readonly write: (value: unknown, precision: number) => string;
  /** The accepted types for messages, and the accepted kinds of static types. */
  readonly takes: string;
  readonly kinds: readonly string[];
}

const CLAUSES: Readonly<Record<string, Clause>> = {
  s: {
    write: display,
    takes: `string clause can only be used on ${STRINGABLE}`,
    kinds: [
      'string',
      'bool',
      'bytes',
      'int',
      'uint',
      'double',
      'map',
      'list',
      'type',
      'null',
      'google.protobuf.Duration',
      'google.protobuf.Timestamp',
    ],
  },
  d: { write: decimal, takes: 'decimal clause can only be used on integers', kinds: ['int', 'uint'] },
  f: { write: fixed, takes: 'fixed-point clause can only be used on doubles', kinds: ['double'] },
  e: { write: scientific, takes: 'scientific clause can only be used on doubles', kinds: ['double'] },
  b: { write: binary, takes: 'only integers and bools can be formatted as binary', kinds: ['int', 'uint', 'bool'] },
  o: { write: octal, takes: 'octal clause can only be used on integers', kinds: ['int', 'uint'] },
  x: { write: hex, takes: 'only integers, byte buffers, and strings can be formatted as hex', kinds: ['int', 'uint', 'string', 'bytes'] },
  X: {
    write: (value) => hex(value).toUpperCase(),
    takes: 'only integers, byte buffers, and strings can be formatted as hex',
    kinds: ['int', 'uint', 'string', 'bytes'],
  },
};
const CLAUSE = /%(?:(%)|(?:\.(\d+))?([a-zA-Z])|(.?))/gsu;

function clauseOf(clause: string | undefined, other: string | undefined): Clause {
  const known = clause === undefined ? undefined : CLAUSES[clause];
  if (known !== undefined) return known;
  if (clause === undefined && (other ?? '') === '') throw formatError('unexpected end of string');
  throw formatError(`could not parse formatting clause: unrecognized formatting clause "${clause ?? other ?? ''}"`);
}

/** Evaluates `template.format(args)`. Ignores arguments without a clause. Only {@link formatProblem} reports them. */
export function format(template: string, args: readonly unknown[]): string {
  let used = 0;
  return template.replace(CLAUSE, (_, ...groups: (string | undefined)[]) => {
    const [percent, precision, clause, other] = groups;
    if (percent !== undefined) return '%';
    const { write } = clauseOf(clause, other);
    if (used >= args.length) throw formatError(`index ${String(used)} out of range`);
    return write(args[used++], precision === undefined ? 6 : Number(precision));
  });
}

/** Returns the problem of a literal template with a literal list of arguments, or undefined. `kinds` are the kinds of the types of the arguments. */
export function formatProblem(template: string, kinds: readonly string[]): string | undefined {
  let used = 0;
  for (const [, percent, , clause, other] of template.matchAll(CLAUSE)) {
    if (percent !== undefined) continue;
    try {
      const { takes, kinds: allowed } = clauseOf(clause, other);
      const kind = kinds[used];
      if (kind === undefined) return `index ${String(used)} out of range`;
      used++;
      if (kind !== 'dyn' && !allowed.includes(kind)) return `error during formatting: ${takes}, was given ${kind}`;
    } catch (error) {
      return error instanceof CelFault ? error.message : String(error);
    }
  }
  if (used >= kinds.length) return undefined;
  return `too many arguments supplied to string.format (expected ${String(used)}, got ${String(kinds.length)})`;
}
