import { CelFault, noSuchOverload } from '../values/cel-fault.ts';
import type { Code, Frame } from './code.ts';
import { index, listIndex } from '../library/standard.ts';
import { BOXED_PROPERTIES, isMap, keyOf, lookup, Optional } from '../values/value.ts';

/** The property names of arrays, bytes and boxed values in JavaScript. Fields with these names need a check. */
const INHERITED = new Set([
  ...BOXED_PROPERTIES,
  ...[Object.prototype, Array.prototype, Uint8Array.prototype, Object.getPrototypeOf(Uint8Array.prototype) as object].flatMap((prototype) =>
    Object.getOwnPropertyNames(prototype),
  ),
]);

function noSuchKey(key: string): CelFault {
  return new CelFault('no_such_key', `no such key: ${key}`);
}

/** Returns a field of a value, or undefined. Throws {@link CelFault} for a list, which has no fields, even in has(). */
function found(value: unknown, field: string): unknown {
  if (isMap(value)) return lookup(value, field);
  if (Array.isArray(value)) throw new CelFault('invalid_argument', `unsupported index type 'string' in list: ${field}`);
  return undefined;
}

/** Evaluates `value.field` for values of any type. */
export function selectField(value: unknown, field: string): unknown {
  if (value instanceof Optional) return optionalField(value, field);
  const result = found(value, field);
  if (result === undefined) throw noSuchKey(field);
  return result;
}

/** Evaluates `value.?field`. Returns an optional, which is empty if the field does not exist. */
export function optionalField(value: unknown, field: string): Optional {
  const inner = value instanceof Optional ? value.held : value;
  if (inner === undefined) return Optional.none;
  const result = found(inner, field);
  return result === undefined ? Optional.none : new Optional(result);
}

/** Evaluates `has(value.field)`. */
export function hasField(value: unknown, field: string): boolean {
  const inner = value instanceof Optional ? value.held : value;
  return inner !== undefined && found(inner, field) !== undefined;
}

/** Evaluates `value[key]`. */
export function indexInto(value: unknown, key: unknown): unknown {
  return value instanceof Optional ? optionalIndex(value, key) : index(value, key);
}

/** Evaluates `value[?key]`. Returns an optional, which is empty if the index or the key does not exist. */
export function optionalIndex(value: unknown, key: unknown): Optional {
  const inner = value instanceof Optional ? value.held : value;
  if (inner === undefined) return Optional.none;
  if (keyOf(key) === undefined) throw new CelFault('invalid_argument', 'invalid qualifier type');
  if (Array.isArray(inner)) {
    const i = listIndex(key);
    if (i === undefined) throw noSuchOverload('_[?_]');
    return inner[i] === undefined ? Optional.none : new Optional(inner[i]);
  }
  // A value without members has no value for any key.
  const result = isMap(inner) ? lookup(inner, key) : undefined;
  return result === undefined ? Optional.none : new Optional(result);
}

type Run = (frame: Frame) => unknown;
type Plain = Readonly<Record<string, unknown>>;

/** Returns the value of a path of one or two fields if all values on the path are plain objects. Returns undefined otherwise. */
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

/** Creates code for `operand.field`. For plain objects it is a single property access. */
export function select(operand: Code, field: string): Code {
  const { run, fieldPath: path } = operand;
  const cost = operand.cost + 1;
  if (INHERITED.has(field)) return { cost, run: (frame) => selectField(run(frame), field) };
  const fields = path && path.fields.length < longestWalk ? [...path.fields, field] : undefined;
  const quick = path && fields ? walk(path.slot, fields) : undefined;
  if (!path || !fields || !quick) return { cost, run: selecting(run, field) };
  const slow = selecting(run, field);
  return {
    cost,
    fieldPath: { slot: path.slot, fields },
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

/** Creates code for `has(operand.field)`. */
export function presence(operand: Code, field: string): Code {
  const { run, cost, fieldPath: path } = operand;
  if (INHERITED.has(field)) return { cost, run: (frame) => hasField(run(frame), field) };
  const quick = (path && path.fields.length > 0 ? walk(path.slot, path.fields) : undefined) ?? run;
  return {
    cost,
    run: (frame) => {
      const value = quick(frame) ?? run(frame);
      // Fast path for plain objects. Field names that every object inherits do not reach this code. Objects with a field `constructor`
      // use the slow path, as all other values do.
      if (typeof value === 'object' && value !== null) {
        if ((value as Plain)[field] !== undefined) return true;
        if (value.constructor === Object) return false;
      }
      return hasField(value, field);
    },
  };
}
