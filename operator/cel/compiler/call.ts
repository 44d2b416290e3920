import { noSuchOverload } from '../values/cel-fault.ts';
import { meter } from './code.ts';
import type { Code } from './code.ts';
import { guardOf } from '../library/overload.ts';
import type { Overload } from '../library/overload.ts';
import { equal } from '../values/value.ts';

type Guard = (value: unknown) => boolean;

interface Candidate {
  readonly guards: readonly Guard[];
  readonly run: Overload['run'];
  readonly cost: Overload['cost'];
}

function candidate(overload: Overload): Candidate {
  return { guards: overload.params.map(guardOf), run: overload.run, cost: overload.cost };
}

const fits = (guards: readonly Guard[], args: readonly unknown[]): boolean => guards.every((guard, i) => guard(args[i]));

function general(name: string, candidates: readonly Candidate[], args: readonly Code[]): Code['run'] {
  return (frame) => {
    const values = args.map((arg) => arg.run(frame));
    const chosen = candidates.find((one) => fits(one.guards, values));
    if (chosen === undefined) throw noSuchOverload(name);
    const result = chosen.run(...values);
    if (chosen.cost !== undefined) meter.spent += chosen.cost(values, result) - 1;
    return result;
  };
}

function unary(name: string, candidates: readonly Candidate[], arg: Code): Code['run'] {
  const { run } = arg;
  const options = candidates.map((one) => ({ guard: one.guards[0] as Guard, run: one.run }));
  const [only, second] = options;
  if (only !== undefined && second === undefined) {
    const { guard, run: apply } = only;
    return (frame) => {
      const value = run(frame);
      if (guard(value)) return apply(value);
      throw noSuchOverload(name);
    };
  }
  return (frame) => {
    const value = run(frame);
    for (const option of options) if (option.guard(value)) return option.run(value);
    throw noSuchOverload(name);
  };
}

function binary(name: string, candidates: readonly Candidate[], args: readonly Code[]): Code['run'] {
  const [a, b] = args as [Code, Code];
  const options = candidates.map((one) => ({ first: one.guards[0] as Guard, second: one.guards[1] as Guard, run: one.run }));
  const runA = a.run;
  const runB = b.run;
  const [only, another] = options;
  if (only !== undefined && another === undefined) {
    const { first, second, run: apply } = only;
    return (frame) => {
      const x = runA(frame);
      const y = runB(frame);
      if (first(x) && second(y)) return apply(x, y);
      throw noSuchOverload(name);
    };
  }
  return (frame) => {
    const x = runA(frame);
    const y = runB(frame);
    for (const option of options) if (option.first(x) && option.second(y)) return option.run(x, y);
    throw noSuchOverload(name);
  };
}

const INT_ORDERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  less_int64: (a, b) => a < b,
  less_equals_int64: (a, b) => a <= b,
  greater_int64: (a, b) => a > b,
  greater_equals_int64: (a, b) => a >= b,
};

/** Returns code that compares two safe integers without resolving the overloads. */
function comparison(overloads: readonly Overload[], args: readonly Code[], otherwise: Code['run']): Code['run'] {
  const order = overloads.map((overload) => INT_ORDERS[overload.id]).find((one) => one !== undefined);
  const [a, b] = args as [Code, Code];
  const bound = b.constant?.value;
  if (order === undefined || !Number.isSafeInteger(bound)) return otherwise;
  const runA = a.run;
  return (frame) => {
    const value = runA(frame);
    return Number.isSafeInteger(value) ? order(value as number, bound as number) : otherwise(frame);
  };
}

/** Creates code for a call of a function. Tries the overloads in the order of the table. */
export function functionCall(name: string, overloads: readonly Overload[], args: readonly Code[]): Code {
  const candidates = overloads.filter((overload) => overload.params.length === args.length).map(candidate);
  const cost = args.reduce((sum, arg) => sum + arg.cost, 1);
  const isFlat = candidates.every((one) => one.cost === undefined);
  if (isFlat && args.length === 1) return { cost, run: unary(name, candidates, args[0] as Code) };
  if (isFlat && args.length === 2) return { cost, run: comparison(overloads, args, binary(name, candidates, args)) };
  return { cost, run: general(name, candidates, args) };
}

/** Creates code for `!a`. */
export function negation({ run, cost }: Code): Code {
  return {
    cost: cost + 1,
    run: (frame) => {
      const value = run(frame);
      if (typeof value !== 'boolean') throw noSuchOverload('!_');
      return !value;
    },
  };
}

/** Returns the value of a constant string or bool, which is only equal to itself. Returns undefined for other code. */
function fixedValue(code: Code): string | boolean | undefined {
  const value = code.constant?.value;
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

/** Creates code for `a == b`, or with `negated` for `a != b`. With a constant string it is a single comparison. */
export function equality(a: Code, b: Code, negated: boolean): Code {
  const cost = a.cost + b.cost + 1;
  const value = fixedValue(b) ?? fixedValue(a);
  const runA = a.run;
  const runB = b.run;
  if (value === undefined) return { cost, run: (frame) => equal(runA(frame), runB(frame)) !== negated };
  const other = fixedValue(b) === undefined ? runB : runA;
  return { cost, run: negated ? (frame) => other(frame) !== value : (frame) => other(frame) === value };
}
