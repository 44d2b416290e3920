import { CelFault, noSuchOverload } from '../values/cel-fault.ts';
import type { Code, Frame } from './code.ts';
import { index, listIndex } from '../library/standard.ts';
import { BOXED_PROPERTIES, isMap, keyOf, lookup, Optional } from '../values/value.ts';

/** Names that arrays, bytes, and boxed values answer to besides what they hold: such a field is read with care. */
const INHERITED = new Set([
  ...BOXED_PROPERTIES,
  ...[Object.prototype, Array.prototype, Uint8Array.prototype, Object.getPrototypeOf(Uint8Array.prototype) as object].flatMap((prototype) =>
    Object.getOwnPropertyNames(prototype),
  ),
]);

function noSuchKey(key: string): CelFault {
  return new CelFault('no_such_key', `no such key: ${key}`);
}

/** What a field of a value is, undefined where there is none. A list has no fields: asking is a mistake, even with has(). */
function found(value: unknown, field: string): unknown {
  if (isMap(value)) return lookup(value, field);
  if (Array.isArray(value)) throw new CelFault('invalid_argument', `unsupported index type 'string' in list: ${field}`);
  return undefined;
}

/** `value.field`, whatever the value is. */
export function selectField(value: unknown, field: string): unknown {
  if (value instanceof Optional) return optionalField(value, field);
  const result = found(value, field);
  if (result === undefined) throw noSuchKey(field);
  return result;
}

/** `value.?field`: an optional, none when there is no such field. */
export function optionalField(value: unknown, field: string): Optional {
  const inner = value instanceof Optional ? value.held : value;
  if (inner === undefined) return Optional.none;
  const result = found(inner, field);
  return result === undefined ? Optional.none : new Optional(result);
}

/** `has(value.field)`. */
export function hasField(value: unknown, field: string): boolean {
  const inner = value instanceof Optional ? value.held : value;
  return inner !== undefined && found(inner, field) !== undefined;
}

/** `value[key]`. */
export function indexInto(value: unknown, key: unknown): unknown {
  return value instanceof Optional ? optionalIndex(value, key) : index(value, key);
}

/** `value[?key]`: an optional, none when there is no such index or key. */
export function optionalIndex(value: unknown, key: unknown): Optional {
  const inner = value instanceof Optional ? value.held : value;
  if (inner === undefined) return Optional.none;
  if (keyOf(key) === undefined) throw new CelFault('invalid_argument', 'invalid qualifier type');
  if (Array.isArray(inner)) {
    const i = listIndex(key);
    if (i === undefined) throw noSuchOverload('_[?_]');
    return inner[i] === undefined ? Optional.none : new Optional(inner[i]);
  }
  // What has no members has none under any key.
  const result = isMap(inner) ? lookup(inner, key) : undefined;
  return result === undefined ? Optional.none : new Optional(result);
}

type Run = (frame: Frame) => unknown;
type Plain = Readonly<Record<string, unknown>>;

/** The value at the end of a way of one or two fields, where nothing but plain objects stands on it; undefined otherwise. */
function walk(slot: number, [first = '', second]: readonly string[]): Run | undefined {
  const into = (value: unknown, field: string): unknown =>
    typeof value === 'object' && value !== null ? (value as Plain)[field] : undefined;
  if (second === undefined) return (frame) => into(frame[slot], first);
  return (frame) => {
    const value = into(frame[slot], first);
    return value === undefined ? undefined : into(value, second);
  };
}

const longestWalk = 2;

/** Code for `operand.field`: one property read where nothing stands in the way. */
export function select(operand: Code, field: string): Code {
  const { run, way } = operand;
  const cost = operand.cost + 1;
  if (INHERITED.has(field)) return { cost, run: (frame) => selectField(run(frame), field) };
  const fields = way && way.fields.length < longestWalk ? [...way.fields, field] : undefined;
  const quick = way && fields ? walk(way.slot, fields) : undefined;
  if (!way || !fields || !quick) return { cost, run: selecting(run, field) };
  const slow = selecting(run, field);
  return {
    cost,
    way: { slot: way.slot, fields },
    run: (frame) => {
      const value = quick(frame);
      return value === undefined ? slow(frame) : value;
    },
  };
}

function selecting(run: Run, field: string): Run {
  return (frame) => {
    const value = run(frame);
    if (typeof value === 'object' && value !== null) {
      const result = (value as Plain)[field];
      if (result !== undefined) return result;
    }
    return selectField(value, field);
  };
}

/** Code for `has(operand.field)`. */
export function presence(operand: Code, field: string): Code {
  const { run, cost, way } = operand;
  if (INHERITED.has(field)) return { cost, run: (frame) => hasField(run(frame), field) };
  const quick = (way && way.fields.length > 0 ? walk(way.slot, way.fields) : undefined) ?? run;
  return {
    cost,
    run: (frame) => {
      const value = quick(frame) ?? run(frame);
      // A plain object of JSON answers by itself; no name that every object inherits comes here. One that has a field of the name
      // `constructor` takes the long way, as all that is not plain does.
      if (typeof value === 'object' && value !== null) {
        if ((value as Plain)[field] !== undefined) return true;
        if (value.constructor === Object) return false;
      }
      return hasField(value, field);
    },
  };
}
