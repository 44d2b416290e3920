import { CelFault } from './cel-fault.ts';
import { DURATION, TIMESTAMP } from './cel-type.ts';
import type { CelType } from './cel-type.ts';
import { Boxed } from './value.ts';

const NANOS = 1_000_000_000n;
const MIN_SECONDS = -62135596800n;
const MAX_SECONDS = 253402300799n;
const INT64_MAX = 0x7fffffffffffffffn;

/** A duration in nanoseconds, at most about 292 years. */
export class Duration extends Boxed {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    super();
    if (nanos > INT64_MAX || nanos < -INT64_MAX - 1n) throw new CelFault('overflow', 'duration overflow');
    this.nanos = nanos;
  }
  get celType(): CelType {
    return DURATION;
  }
  equalTo(other: unknown): boolean {
    return other instanceof Duration && other.nanos === this.nanos;
  }
}

/** A point in time between the years 1 and 9999. `epochNanos` are the nanoseconds since 1970. */
export class Timestamp extends Boxed {
  readonly epochNanos: bigint;
  /** The offset from UTC in the text of the time, in seconds. `string()` writes the same offset, as the API server does. */
  readonly offset: number;
  constructor(epochNanos: bigint, offset = 0) {
    super();
    this.offset = offset;
    const seconds = floorDivide(epochNanos, NANOS);
    if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) throw new CelFault('overflow', 'timestamp overflow: outside the years 1 to 9999');
    this.epochNanos = epochNanos;
  }
  get celType(): CelType {
    return TIMESTAMP;
  }
  equalTo(other: unknown): boolean {
    return other instanceof Timestamp && other.epochNanos === this.epochNanos;
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: NANOS,
  m: 60n * NANOS,
  h: 3600n * NANOS,
};
const DURATION_PART = /([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy;

/** Returns the nanoseconds of a number with a unit, or undefined if the number has no digits. */
function partNanos(part: RegExpExecArray): bigint | undefined {
  const [, integer = '', fraction = '', unit = ''] = part;
  if (integer === '' && fraction === '') return undefined;
  const scale = UNITS[unit] as bigint;
  return BigInt(`0${integer}`) * scale + (BigInt(`0${fraction}`) * scale) / 10n ** BigInt(fraction.length);
}

/** Parses a duration such as `1h30m` or `-1.5s`. Returns undefined if the text is not a duration. */
export function parseDuration(text: string): Duration | undefined {
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return new Duration(0n);
  let nanos = 0n;
  let end = 0;
  for (const part of body.matchAll(DURATION_PART)) {
    nanos += partNanos(part) ?? INT64_MAX + 1n;
    end = part.index + part[0].length;
  }
  if (end === 0 || end !== body.length || nanos > INT64_MAX) return undefined;
  return new Duration(text.startsWith('-') ? -nanos : nanos);
}

/** Formats a duration as `string()` does, in seconds: `5400s`, `1.5s`. */
export function showDuration(duration: Duration): string {
  const { nanos } = duration;
  const positive = nanos < 0n ? -nanos : nanos;
  const fraction = (positive % NANOS).toString().padStart(9, '0').replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${(positive / NANOS).toString()}${fraction === '' ? '' : `.${fraction}`}s`;
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

function offsetSeconds(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** Returns the seconds since 1970 of a civil time in UTC, or undefined if the day or the hour does not exist. */
function civilSeconds(year: number, month: number, day: number, time: readonly [number, number, number]): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(time[0], time[1], time[2]);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return time[0] > 23 || time[1] > 59 || time[2] > 59 ? undefined : date.getTime() / 1000;
}

/** Parses a time in RFC 3339 format. Returns undefined if the text is not a time. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const seconds = civilSeconds(year, month, day, [hour, minute, second]);
  const offset = offsetSeconds(parts[8] as string);
  if (seconds === undefined || offset === undefined) return undefined;
  const fraction = BigInt((parts[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return new Timestamp(BigInt(seconds - offset) * NANOS + fraction, offset);
}

/** Returns the whole seconds since 1970. */
export function epochSeconds(timestamp: Timestamp): bigint {
  return floorDivide(timestamp.epochNanos, NANOS);
}

/** Formats a time as `string()` does. */
export function showTimestamp(timestamp: Timestamp): string {
  const seconds = epochSeconds(timestamp);
  const fraction = (timestamp.epochNanos - seconds * NANOS).toString().padStart(9, '0').replace(/0+$/, '');
  const base = new Date((Number(seconds) + timestamp.offset) * 1000)
    .toISOString()
    .replace(/\.000Z$/, '')
    .replace(/^\+0/, '');
  return `${base}${fraction === '' ? '' : `.${fraction}`}${showOffset(timestamp.offset)}`;
}

/** Formats an offset from UTC: `Z` or `+02:00`. */
function showOffset(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset) / 60;
  const part = (value: number): string => String(Math.trunc(value)).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${part(minutes / 60)}:${part(minutes % 60)}`;
}

function namedOffset(zone: string, millis: number): number {
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(new Date(millis));
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    const found = /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name);
    if (found === null) return 0;
    const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60 + Number(found[4] ?? 0);
    return found[1] === '-' ? -seconds : seconds;
  } catch {
    throw new CelFault('invalid_argument', `unknown time zone ${zone}`);
  }
}

/** Returns a `Date` with UTC fields of the civil time in a zone, such as `UTC`, `Europe/Paris`, `+02:00` or `-08:00`. */
export function civil(timestamp: Timestamp, zone = 'UTC'): Date {
  const millis = Number(floorDivide(timestamp.epochNanos, 1_000_000n));
  const fixed = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (fixed === null) return new Date(millis + (zone === '' || zone === 'UTC' ? 0 : namedOffset(zone, millis)) * 1000);
  const seconds = Number(fixed[2]) * 3600 + Number(fixed[3]) * 60;
  return new Date(millis + (fixed[1] === '-' ? -seconds : seconds) * 1000);
}
