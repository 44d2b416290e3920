import type { Parameter } from '../../catalogue/controls/control.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';

const valueFits: Readonly<Record<Parameter['type'], (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  int: (value) => Number.isInteger(value),
  bool: (value) => typeof value === 'boolean',
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};
const expected: Readonly<Record<Parameter['type'], string>> = {
  string: 'a string',
  int: 'a whole number',
  bool: 'true or false',
  strings: 'a list of strings',
};

/**
 * Returns the problem of a parameter that a policy sets, or undefined. `of` names the owner of the parameters in the message, such as
 * `control 'host-pid'`.
 */
export function parameterProblem(
  of: string,
  known: Readonly<Record<string, Parameter>>,
  [name, value]: readonly [string, unknown],
): string | undefined {
  const parameter = Object.hasOwn(known, name) ? known[name] : undefined;
  if (parameter === undefined) {
    const names = Object.keys(known);
    return `${of} has no parameter '${name}'${didYouMean(name, names)}${names.length === 0 ? '; it takes none' : `; it takes ${names.join(', ')}`}`;
  }
  if (!valueFits[parameter.type](value)) return `parameter '${name}' of ${of} must be ${expected[parameter.type]}`;
  if (parameter.values?.includes(value as string) === false)
    return `parameter '${name}' of ${of} must be one of ${parameter.values.join(', ')}`;
  return undefined;
}
