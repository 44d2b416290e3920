import type { ArgumentCheck, ArgumentType } from '../../catalogue/controls/components/argument-check.ts';
import { isFields } from '../objects/kubernetes-object.ts';
import { goBoolean, goDuration, goInteger } from './go-values.ts';
import type { ProgramArgument } from './program-arguments.ts';

/** Thrown for a value that is not of the type of its argument: the program does not start with it. */
export class UnexpectedValue extends Error {
  override readonly name = 'UnexpectedValue';
}

const unexpected = (expected: string): never => {
  throw new UnexpectedValue(`expected ${expected}`);
};

const entriesOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** Reads the last value of an argument of a command line. Lists have the entries of all values. */
const ofWords: Readonly<Record<ArgumentType, (texts: readonly string[], last: string) => unknown>> = {
  bool: (_, last) => goBoolean(last) ?? unexpected('true or false'),
  int: (_, last) => goInteger(last) ?? unexpected('a whole number'),
  text: (_, last) => (last === '' ? undefined : last),
  duration: (_, last) => goDuration(last) ?? unexpected('a duration'),
  list: (texts) => texts.flatMap(entriesOf),
  switches: (texts) => texts.flatMap(entriesOf),
};

/** Reads a value of a configuration in YAML. An empty list is unset. */
const ofConfiguration: Readonly<Record<ArgumentType, (value: unknown) => unknown>> = {
  bool: (value) => (typeof value === 'boolean' ? value : unexpected('true or false')),
  int: (value) => (Number.isInteger(value) ? value : unexpected('a whole number')),
  text: (value) => (typeof value === 'string' ? value : unexpected('a string')),
  duration: (value) => (typeof value === 'string' ? goDuration(value) : undefined) ?? unexpected('a duration'),
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

/**
 * Returns the path of the value that a configuration has instead of a map, if the field `name` is below it. `authentication: []` has no
 * `authentication.anonymous.enabled`, and the program does not start with it.
 */
export function brokenParent(known: ReadonlyMap<string, ProgramArgument>, name: string): string | undefined {
  for (let end = name.indexOf('.'); end >= 0; end = name.indexOf('.', end + 1)) {
    const parent = known.get(name.slice(0, end));
    if (parent !== undefined && (parent.values.at(-1) ?? null) !== null) return parent.path;
  }
  return undefined;
}
