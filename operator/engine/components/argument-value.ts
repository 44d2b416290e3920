import type { ArgumentCheck, ArgumentType } from '../../catalogue/controls/components/argument-check.ts';
import { isFields } from '../objects/kubernetes-object.ts';
import type { ProgramArgument } from './program-arguments.ts';

/** Thrown for a value that is not of the type of its argument: the program does not start with it. */
export class UnexpectedValue extends Error {
  override readonly name = 'UnexpectedValue';
}

const unexpected = (expected: string): never => {
  throw new UnexpectedValue(`expected ${expected}`);
};

/** The texts that Go's strconv.ParseBool reads. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

const secondsIn: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

/** The seconds of a duration of Go, such as 1h30m. */
function durationOf(text: string): number {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d*)?(h|ms|m|s|us|µs|ns))+$/.test(text)) unexpected('a duration');
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?)(h|ms|m|s|us|µs|ns)/g)];
  return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (secondsIn[unit] ?? 1), 0);
}

const entriesOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** Reads the last value of an argument of a command line. Lists have the entries of all values. */
const ofWords: Readonly<Record<ArgumentType, (texts: readonly string[], last: string) => unknown>> = {
  bool: (_, last) => booleans.get(last) ?? unexpected('true or false'),
  int: (_, last) => (/^[+-]?\d+$/.test(last) ? Number(last) : unexpected('a whole number')),
  text: (_, last) => (last === '' ? undefined : last),
  duration: (_, last) => durationOf(last),
  list: (texts) => texts.flatMap(entriesOf),
  switches: (texts) => texts.flatMap(entriesOf),
};

/** Reads a value of a configuration in YAML. An empty list is unset. */
const ofConfiguration: Readonly<Record<ArgumentType, (value: unknown) => unknown>> = {
  bool: (value) => (typeof value === 'boolean' ? value : unexpected('true or false')),
  int: (value) => (Number.isInteger(value) ? value : unexpected('a whole number')),
  text: (value) => (typeof value === 'string' ? value : unexpected('a string')),
  duration: (value) => (typeof value === 'string' || typeof value === 'number' ? durationOf(String(value)) : unexpected('a duration')),
  list: (value) => (Array.isArray(value) ? (value.length === 0 ? undefined : value) : unexpected('a list')),
  switches: (value) =>
    isFields(value) && Object.values(value).every((on) => typeof on === 'boolean' || on === null)
      ? Object.entries(value).map(([name, on]) => `${name}=${String(on === true)}`)
      : unexpected('a map of true and false'),
};

/**
 * Returns the value of an argument in its type, or undefined if it is empty. `isTyped`: it is a value of YAML, not of a command line. Throws
 * {@link UnexpectedValue}.
 */
export function typedValue({ values }: ProgramArgument, { type }: ArgumentCheck, isTyped: boolean): unknown {
  if (isTyped) {
    const value = values.at(-1);
    return value === null || value === undefined || value === '' ? undefined : ofConfiguration[type](value);
  }
  const texts = values.map((value) => (typeof value === 'string' ? value : unexpected('a string')));
  return ofWords[type](texts, (texts.at(-1) ?? '').trim());
}
