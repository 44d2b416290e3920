import type { CallExpr, Expr, FoldExpr, Literal, MapExpr, SelectExpr } from './ast.ts';
import { absorb, CelFault, noSuchOverload, type FaultCode } from './cel-fault.ts';
import { functions, type CelFunction } from './functions.ts';
import { findMacro } from './macro.ts';
import { binaryOperators, unaryOperators } from './operators.ts';
import { parse } from './parser.ts';
import { errorAt, SyntaxFault, type CompileError } from './source.ts';
import { CelMap, double, int, isMap, keyOf, keysOf, lookup, entriesOf, Optional, uint } from './value.ts';

export type { CompileError } from './source.ts';

/** What an expression compiles under. */
export interface CompileOptions {
  /** The server's version, such as 1.36: macros that came later are unknown. */
  readonly kubernetesVersion?: string;
  /** The names that an evaluation binds; another name does not compile. */
  readonly variables: readonly string[];
}

export type CompileResult =
  { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly errors: readonly CompileError[] };

/** What an evaluation came to. */
export type EvaluateResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: { readonly code: FaultCode; readonly message: string } };

/** A compiled expression; may be evaluated any number of times. */
export interface Program {
  /** Evaluates over plain JSON objects, which are not copied. `budget` bounds the steps; running out is an error that nothing absorbs. */
  evaluate(bindings: Readonly<Record<string, unknown>>, options?: { readonly budget?: number }): EvaluateResult;
}

/** The values of the variables by slot, and the steps that are left. */
interface Frame {
  readonly slots: unknown[];
  budget: number;
}
type Closure = (frame: Frame) => unknown;

const defaultBudget = 1_000_000;

/** Compiles an expression of the dialect, or tells what is wrong with it and where. */
export function compile(source: string, { kubernetesVersion = '1.37', variables }: CompileOptions): CompileResult {
  const minor = minorOf(kubernetesVersion);
  try {
    const { root } = parse(
      source,
      (name, args, member) =>
        minorOf(findMacro(name, args, member)?.since ?? '9.999') <= minor || findMacro(name, args, member)?.since === '1.0',
    );
    const compiler = new Compiler(variables);
    const run = compiler.compile(root);
    return {
      ok: true,
      program: {
        evaluate: (bindings, options) =>
          evaluate(
            run,
            variables.map((name) => bindings[name]),
            options?.budget ?? defaultBudget,
          ),
      },
    };
  } catch (error) {
    if (error instanceof SyntaxFault) return { ok: false, errors: [errorAt(source, error.at, error.message)] };
    if (error instanceof RangeError) return { ok: false, errors: [errorAt(source, 0, 'the expression nests too deeply')] };
    throw error;
  }
}

const minorOf = (version: string): number => Number(version.split('.')[1]);

function evaluate(run: Closure, slots: unknown[], budget: number): EvaluateResult {
  try {
    return { ok: true, value: run({ slots, budget }) };
  } catch (error) {
    if (error instanceof CelFault) return { ok: false, error: { code: error.code, message: error.message } };
    if (error instanceof RangeError) return { ok: false, error: { code: 'recursion', message: 'the evaluation nests too deeply' } };
    throw error;
  }
}

function spend(frame: Frame): void {
  if (--frame.budget < 0) throw new CelFault('budget_exceeded', 'operation cancelled: actual cost limit exceeded');
}

/** Turns the tree into closures, once. */
class Compiler {
  #scope: ReadonlyMap<string, number>;
  #slots: number;

  constructor(variables: readonly string[]) {
    this.#scope = new Map(variables.map((name, slot) => [name, slot]));
    this.#slots = variables.length;
  }

  compile(expr: Expr): Closure {
    switch (expr.kind) {
      case 'constant':
        return constant(expr.literal);
      case 'ident':
        return this.#variable(expr.name, expr.at);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr.elements, expr.optional);
      case 'map':
        return this.#map(expr);
      case 'fold':
        return this.#fold(expr);
      case 'struct':
        throw new SyntaxFault(`undeclared reference to type '${expr.name}'`, expr.at);
    }
  }

  #variable(name: string, at: number): Closure {
    const slot = this.#scope.get(name.replace(/^\./, ''));
    if (slot === undefined)
      throw new SyntaxFault(
        `undeclared reference to '${name}'; there are ${[...this.#scope.keys()].filter((known) => !known.startsWith('@')).join(', ')}`,
        at,
      );
    return ({ slots }) => {
      const value = slots[slot];
      if (value === undefined) throw new CelFault('no_such_variable', `no such variable: ${name}`);
      return value;
    };
  }

  #select({ operand, field, test }: SelectExpr): Closure {
    const target = this.compile(operand);
    if (test) return (frame) => present(target(frame), field);
    return (frame) => {
      const value = target(frame);
      if (value instanceof Optional) return optionalField(value, field);
      if (!isMap(value)) throw noSuchOverload(`field '${field}'`);
      const found = lookup(value, field);
      if (found === undefined) throw new CelFault('no_such_key', `no such key: ${field}`);
      return found;
    };
  }

  #call(expr: CallExpr): Closure {
    const special = this.#special(expr);
    if (special) return special;
    const { name, at } = expr;
    const parts = [...(expr.target && !isOptionalNamespace(expr.target) ? [expr.target] : []), ...expr.args].map((part) =>
      this.compile(part),
    );
    const [a, b] = parts;
    const binary = binaryOperators[name];
    if (binary && a && b) return (frame) => binary(a(frame), b(frame));
    const unary = unaryOperators[name];
    if (unary && a) return (frame) => unary(a(frame));
    const called = functionNamed(expr.target && isOptionalNamespace(expr.target) ? `optional.${name}` : name, at);
    return (frame) => {
      spend(frame);
      return called(...parts.map((part) => part(frame)));
    };
  }

  /** Calls that do not evaluate all their arguments. */
  #special({ name, args, target }: CallExpr): Closure | undefined {
    if (name === '_&&_' || name === '_||_') return this.#logic(args, name === '_||_');
    if (name === '_?_:_') return this.#conditional(args);
    if (name === '@not_strictly_false') return this.#notStrictlyFalse(args);
    if ((name === 'orValue' || name === 'or') && target && args[0]) return this.#alternative(target, args[0], name === 'or');
    return undefined;
  }

  /** An error on one side is absorbed when the other side decides. */
  #logic(args: readonly Expr[], decisive: boolean): Closure {
    const [left, right] = args.map((arg) => this.compile(arg)) as [Closure, Closure];
    return (frame) => {
      const first = side(left, frame);
      if (first === decisive) return decisive;
      const second = side(right, frame);
      if (second === decisive) return decisive;
      if (first instanceof CelFault) throw first;
      if (second instanceof CelFault) throw second;
      return !decisive;
    };
  }

  #conditional(args: readonly Expr[]): Closure {
    const [condition, yes, no] = args.map((arg) => this.compile(arg)) as [Closure, Closure, Closure];
    return (frame) => {
      const chosen = condition(frame);
      if (typeof chosen !== 'boolean') throw noSuchOverload('_?_:_');
      return chosen ? yes(frame) : no(frame);
    };
  }

  #notStrictlyFalse(args: readonly Expr[]): Closure {
    const [value] = args.map((arg) => this.compile(arg)) as [Closure];
    return (frame) => side(value, frame) !== false;
  }

  /** `x.orValue(d)`, which gives x itself where it is no optional, and `x.or(y)`. */
  #alternative(target: Expr, other: Expr, optional: boolean): Closure {
    const [value, alternative] = [this.compile(target), this.compile(other)];
    return (frame) => {
      const found = value(frame);
      if (!(found instanceof Optional)) return found;
      if (found.held === undefined) return alternative(frame);
      return optional ? found : found.held;
    };
  }

  #list(elements: readonly Expr[], optional: ReadonlySet<number>): Closure {
    const parts = elements.map((element) => this.compile(element));
    if (optional.size === 0) return (frame) => parts.map((part) => part(frame));
    return (frame) => parts.flatMap((part, i) => (optional.has(i) ? heldIn(part(frame)) : [part(frame)]));
  }

  #map({ entries }: MapExpr): Closure {
    const parts = entries.map(({ key, value, optional }) => ({ key: this.compile(key), value: this.compile(value), optional }));
    return (frame) => {
      const made = new Map<unknown, readonly [unknown, unknown]>();
      for (const part of parts) {
        const key = part.key(frame);
        const values = part.optional ? heldIn(part.value(frame)) : [part.value(frame)];
        for (const value of values) insert(made, key, value);
      }
      return new CelMap(made);
    };
  }

  #fold(fold: FoldExpr): Closure {
    const range = this.compile(fold.range);
    const init = this.compile(fold.init);
    const outer = this.#scope;
    const [first, second, accumulator] = [this.#slots++, this.#slots++, this.#slots++];
    const bound: [string, number][] =
      fold.variable2 === undefined
        ? [[fold.variable, first]]
        : [
            [fold.variable, first],
            [fold.variable2, second],
          ];
    const outside = new Map([...outer, [fold.accumulator, accumulator] as const]);
    this.#scope = new Map([...outside, ...bound]);
    const [condition, step] = [this.compile(fold.condition), this.compile(fold.step)];
    this.#scope = outside;
    const result = this.compile(fold.result);
    this.#scope = outer;
    return (frame) => {
      const { slots } = frame;
      slots[accumulator] = init(frame);
      for (const [key, value] of elementsOf(range(frame), fold.variable2 !== undefined)) {
        slots[first] = key;
        slots[second] = value;
        if (condition(frame) !== true) break;
        spend(frame);
        slots[accumulator] = held(step, frame);
        if (slots[accumulator] instanceof CelFault && fold.macro !== 'all' && fold.macro !== 'exists') throw slots[accumulator];
      }
      const made = result(frame);
      if (made instanceof CelFault) throw made;
      return made;
    };
  }
}

/** A step of `all` or `exists` may fail and be outweighed later: its fault is kept as the accumulator's value. */
function held(step: Closure, frame: Frame): unknown {
  try {
    return step(frame);
  } catch (error) {
    return absorb(error);
  }
}

/** What one side of a logical operator came to: a boolean, or the fault that may be absorbed. */
function side(closure: Closure, frame: Frame): boolean | CelFault {
  try {
    const value = closure(frame);
    if (value instanceof CelFault) return value;
    return typeof value === 'boolean' ? value : noSuchOverload('logic');
  } catch (error) {
    return absorb(error);
  }
}

const constants: { readonly [K in Literal['kind']]: (value: Extract<Literal, { kind: K }>['value']) => unknown } = {
  null: () => null,
  bool: (value) => value,
  int,
  uint,
  double,
  string: (value) => value,
  bytes: (value) => value,
};

function constant(literal: Literal): Closure {
  const value = (constants[literal.kind] as (value: unknown) => unknown)(literal.value);
  return () => value;
}

/** `optional.of` and `optional.none` are written like methods of a name that is none. */
const isOptionalNamespace = (target: Expr): boolean => target.kind === 'ident' && target.name === 'optional';

function functionNamed(name: string, at: number): CelFunction {
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!found) throw new SyntaxFault(`undeclared reference to '${name}'`, at);
  return found;
}

function present(value: unknown, field: string): boolean {
  const inside = value instanceof Optional ? value.held : value;
  if (inside === undefined) return false;
  if (!isMap(inside)) throw noSuchOverload('has');
  return lookup(inside, field) !== undefined;
}

function optionalField({ held: inside }: Optional, field: string): Optional {
  const found = isMap(inside) ? lookup(inside, field) : undefined;
  return found === undefined ? Optional.none : new Optional(found);
}

function heldIn(value: unknown): unknown[] {
  if (!(value instanceof Optional)) throw noSuchOverload('optional entry');
  return value.held === undefined ? [] : [value.held];
}

function insert(made: Map<unknown, readonly [unknown, unknown]>, key: unknown, value: unknown): void {
  const slot = keyOf(key);
  if (slot === undefined) throw noSuchOverload('map key');
  if (made.has(slot)) throw new CelFault('duplicate_key', `Failed with repeated key`);
  made.set(slot, [key, value]);
}

/** What a fold goes through: elements or keys, with the element or value as second where two are asked for. */
function elementsOf(range: unknown, two: boolean): Iterable<readonly [unknown, unknown]> {
  if (Array.isArray(range)) return two ? range.entries() : range.map((item: unknown) => [item, undefined] as const);
  if (isMap(range)) return two ? entriesOf(range) : keysOf(range).map((key) => [key, undefined] as const);
  throw noSuchOverload('comprehension range');
}
