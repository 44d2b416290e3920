import type { CallExpr, Expr, FoldExpr, IdentExpr, ListExpr, MapExpr, SelectExpr } from '../syntax/ast.ts';
import { equality, functionCall, negation } from './call.ts';
import type { Overload } from '../library/overload.ts';
import { CelFault, noSuchOverload } from '../values/cel-fault.ts';
import type { Checked } from '../checking/checker.ts';
import { constant, spend } from './code.ts';
import type { Code, Frame } from './code.ts';
import { atLeast, TYPE_NAMES } from '../checking/environment.ts';
import type { Environment } from '../checking/environment.ts';
import { foldCode, put } from './fold.ts';
import { isIn } from '../library/standard.ts';
import { literalValue } from './literal.ts';
import { conditional, logical } from './logic.ts';
import { optionalMapTarget } from '../syntax/macro.ts';
import { indexInto, optionalField, optionalIndex, presence, select } from './selection.ts';
import { CelMap, isPlainMap, Optional, TypeValue } from '../values/value.ts';

/** Resolves names for the compiler. */
export interface Bindings {
  /** Returns the slot of a variable of the program, or undefined. Names can have dots. */
  slotOf(name: string): number | undefined;
  /** Returns the code of a variable that is evaluated at its first read, or undefined. */
  lazy?(name: string): Code | undefined;
  /** The first free slot for the variables of folds. */
  readonly firstLocal: number;
}

/** From this version, `or` and `orValue` of a value that is not an optional are errors. Older versions return the value. */
const STRICT_OR = '1.37';

/** Creates code for `a.or(b)` and `a.orValue(b)`. Evaluates `b` only if `a` is empty. */
function lazyOr(args: readonly Code[], isStrict: boolean, pick: (held: unknown, optional: Optional) => unknown): Code {
  const [a, b] = args as [Code, Code];
  return {
    cost: a.cost + 1,
    run: (frame) => {
      const value = a.run(frame);
      if (!(value instanceof Optional)) {
        if (isStrict) throw noSuchOverload('or');
        return value;
      }
      if (value.held !== undefined) return pick(value.held, value);
      spend(b.cost);
      return b.run(frame);
    },
  };
}

type Special = (compiler: Compiler, args: readonly Code[], call: CallExpr) => Code;

const pair = (args: readonly Code[], extra: number, run: (a: unknown, b: unknown) => unknown): Code => {
  const [a, b] = args as [Code, Code];
  return { cost: a.cost + b.cost + extra, run: (frame) => run(a.run(frame), b.run(frame)) };
};

/** Creates code for `value in container`. For plain objects it is a direct property check. */
function membership(value: Code, container: Code): Code {
  const runValue = value.run;
  const runContainer = container.run;
  return {
    cost: value.cost + container.cost + 1,
    run: (frame) => {
      const key = runValue(frame);
      const inside = runContainer(frame);
      if (typeof key === 'string' && isPlainMap(inside)) return Object.hasOwn(inside, key);
      return isIn(key, inside);
    },
  };
}

const SPECIALS: Readonly<Record<string, Special>> = {
  '_&&_': (_, args) => logical('_&&_', false, args[0] as Code, args[1] as Code),
  '_||_': (_, args) => logical('_||_', true, args[0] as Code, args[1] as Code),
  '!_': (_, args) => negation(args[0] as Code),
  '_?_:_': (_, args) => conditional(args[0] as Code, args[1] as Code, args[2] as Code),
  '_==_': (_, args) => equality(args[0] as Code, args[1] as Code, false),
  '_!=_': (_, args) => equality(args[0] as Code, args[1] as Code, true),
  '_[_]': (_, args) => indexed(args, indexInto),
  '_[?_]': (_, args) => indexed(args, optionalIndex),
  '@in': (_, args) => membership(args[0] as Code, args[1] as Code),
  orValue: (compiler, args) => lazyOr(args, compiler.isAtLeast(STRICT_OR), (held) => held),
  or: (compiler, args) => lazyOr(args, compiler.isAtLeast(STRICT_OR), (_held, optional) => optional),
  '_?._': (_, args) => pair(args, 1, (value, field) => optionalField(value, field as string)),
};

/** Functions for which the API server selects the overload by the value, not by the checked type. A member of `x.distinct()` can have another type. */
const BY_VALUE = /^(size|sort|@sortByAssociatedKeys|-_|_[-+*/%<>]=?_)$/;

/** Creates code for `value[key]` and `value[?key]`. Does not evaluate the key if the value is an empty optional. */
const indexed = (args: readonly Code[], read: (value: unknown, key: unknown) => unknown): Code => {
  const [operand, key] = args as [Code, Code];
  return {
    cost: operand.cost + key.cost + 1,
    run: (frame) => {
      const value = operand.run(frame);
      return value instanceof Optional && value.held === undefined ? value : read(value, key.run(frame));
    },
  };
};

class Compiler {
  private readonly checked: Checked;
  private readonly environment: Environment;
  private readonly bindings: Bindings;
  private locals: ReadonlyMap<string, number> = new Map();
  private nextLocal: number;
  /** The number of slots of a frame. */
  frameSize: number;

  constructor(checked: Checked, environment: Environment, bindings: Bindings) {
    this.checked = checked;
    this.environment = environment;
    this.bindings = bindings;
    this.nextLocal = bindings.firstLocal;
    this.frameSize = bindings.firstLocal;
  }

  /** Returns whether the dialect has at least a version. */
  isAtLeast(version: string): boolean {
    return atLeast(this.environment.version, version);
  }

  compile(expr: Expr): Code {
    switch (expr.kind) {
      case 'constant':
        return constant(literalValue(expr.literal));
      case 'ident':
        return this.ident(expr);
      case 'select':
        return this.select(expr);
      case 'call':
        return this.call(expr);
      case 'list':
        return this.list(expr);
      case 'map':
        return this.map(expr);
      case 'fold':
        return this.fold(expr);
      case 'struct':
        throw noSuchOverload(expr.name);
    }
  }

  private ident(expr: IdentExpr): Code {
    const name = expr.name.startsWith('.') ? expr.name.slice(1) : expr.name;
    const local = this.locals.get(name);
    if (local !== undefined) return { cost: 1, run: (frame) => frame[local], fieldPath: { slot: local, fields: [] } };
    return this.variable(name);
  }

  private variable(name: string): Code {
    const lazy = this.bindings.lazy?.(name);
    if (lazy !== undefined) return lazy;
    const slot = this.bindings.slotOf(name);
    const type = TYPE_NAMES.get(name);
    if (slot === undefined && type !== undefined) return constant(new TypeValue(type.params[0]?.name ?? name));
    return {
      cost: 1,
      ...(slot === undefined ? {} : { fieldPath: { slot, fields: [] } }),
      run: (frame) => {
        const value = slot === undefined ? undefined : frame[slot];
        if (value === undefined) throw new CelFault('no_such_variable', `no such attribute: ${name} is not bound`);
        return value;
      },
    };
  }

  private select(expr: SelectExpr): Code {
    const qualified = this.checked.qualified.get(expr.id);
    if (qualified !== undefined) return this.variable(qualified);
    const lazy = this.lazySelect(expr);
    if (lazy !== undefined) return lazy;
    const operand = this.compile(expr.operand);
    return expr.test ? presence(operand, expr.field) : select(operand, expr.field);
  }

  private lazySelect(expr: SelectExpr): Code | undefined {
    const { operand } = expr;
    if (operand.kind !== 'ident' || this.locals.has(operand.name)) return undefined;
    const lazy = this.bindings.lazy?.(`${operand.name}.${expr.field}`);
    return lazy !== undefined && expr.test ? constant(true) : lazy;
  }

  private call(expr: CallExpr): Code {
    if (expr.name === '_?_:_') {
      const bound = this.optionalMap(expr);
      if (bound !== undefined) return bound;
    }
    const name = this.checked.qualified.get(expr.id) ?? expr.name;
    const target = this.checked.qualified.has(expr.id) ? undefined : expr.target;
    const args = [...(target === undefined ? [] : [target]), ...expr.args].map((arg) => this.compile(arg));
    const special = SPECIALS[name];
    if (special !== undefined) return special(this, args, expr);
    const member = target !== undefined;
    return functionCall(name, this.overloads(expr, name, member), args);
  }

  /** Returns the overloads of a call at run time: those of the checker, or for an operator all of them, because the API server selects by the value. */
  private overloads(expr: CallExpr, name: string, member: boolean): readonly Overload[] {
    const left = BY_VALUE.test(name) ? undefined : this.checked.overloads.get(expr.id);
    return left ?? this.environment.overloads(name)?.filter((overload) => overload.member === member) ?? [];
  }

  /** Creates code for `optMap` and `optFlatMap`. Their expansion has the optional twice, but it is evaluated once. */
  private optionalMap(expr: CallExpr): Code | undefined {
    const target = optionalMapTarget(expr);
    if (target === undefined) return undefined;
    const present = expr.args[1] as Expr;
    const isFlat = present.kind === 'fold';
    const bound = (isFlat ? present : (present as CallExpr).args[0]) as FoldExpr;
    const optional = this.compile(target);
    const [body, slot] = this.within([bound.accumulator], () => this.compile(bound.body));
    const at = slot[0] as number;
    const run = (frame: Frame): unknown => {
      const value = optional.run(frame);
      if (!(value instanceof Optional)) throw noSuchOverload('hasValue');
      if (value.held === undefined) return Optional.none;
      frame[at] = value.held;
      spend(body.cost + optional.cost);
      const result = body.run(frame);
      return isFlat ? result : new Optional(result);
    };
    return { cost: optional.cost + 1, run };
  }

  /** Binds names to new slots and compiles an expression. Returns the slots too. */
  private within<T>(names: readonly string[], compile: () => T): [T, number[]] {
    const outer = this.locals;
    const slots = names.map((_, i) => this.nextLocal + i);
    this.locals = new Map([...outer, ...names.map((name, i) => [name, slots[i] as number] as const)]);
    this.nextLocal += names.length;
    this.frameSize = Math.max(this.frameSize, this.nextLocal);
    const result = compile();
    this.locals = outer;
    this.nextLocal -= names.length;
    return [result, slots];
  }

  private list(expr: ListExpr): Code {
    const elements = expr.elements.map((element) => this.compile(element));
    const cost = elements.reduce((sum, element) => sum + element.cost, 10);
    if (expr.optional.size > 0) {
      return {
        cost,
        run: (frame) => elements.flatMap((element, i) => (expr.optional.has(i) ? held(element.run(frame)) : [element.run(frame)])),
      };
    }
    if (elements.every((element) => element.constant !== undefined))
      return { ...constant(elements.map((element) => element.constant?.value)), cost };
    return { cost, run: (frame) => elements.map((element) => element.run(frame)) };
  }

  private map(expr: MapExpr): Code {
    const entries = expr.entries.map((entry) => ({
      key: this.compile(entry.key),
      value: this.compile(entry.value),
      optional: entry.optional,
    }));
    const cost = entries.reduce((sum, entry) => sum + entry.key.cost + entry.value.cost, 30);
    const isFixed = entries.every(({ key, value, optional }) => key.constant !== undefined && value.constant !== undefined && !optional);
    const run = (frame: Frame): unknown => {
      const out = new Map<unknown, readonly [unknown, unknown]>();
      for (const entry of entries) {
        const key = entry.key.run(frame);
        const value = entry.value.run(frame);
        if (!entry.optional) put(out, key, value);
        else for (const item of held(value)) put(out, key, item);
      }
      return new CelMap(out);
    };
    return isFixed ? { ...constant(run([])), cost } : { cost, run };
  }

  private fold(expr: FoldExpr): Code {
    if (expr.macro === 'let') return this.let(expr);
    const range = this.compile(expr.range);
    const names = expr.variable2 === undefined ? [expr.variable] : [expr.variable, expr.variable2];
    const [pieces, slots] = this.within(names, () => ({
      filter: expr.filter === undefined ? undefined : this.compile(expr.filter),
      body: this.compile(expr.body),
    }));
    return foldCode({ macro: expr.macro, range, ...pieces, slot: slots[0] as number, slot2: slots[1] ?? -1 });
  }

  private let(expr: FoldExpr): Code {
    const init = this.compile(expr.init);
    const [body, slots] = this.within([expr.accumulator], () => this.compile(expr.body));
    const slot = slots[0] as number;
    return {
      cost: init.cost + body.cost + 10,
      run: (frame) => {
        frame[slot] = init.run(frame);
        return body.run(frame);
      },
    };
  }
}

function held(value: unknown): unknown[] {
  if (!(value instanceof Optional))
    throw new CelFault('no_such_overload', 'cannot initialize optional element from a value that is not an optional');
  return value.held === undefined ? [] : [value.held];
}

/** Compiles a checked expression. Returns its code and the number of slots of its frame. */
export function generate(root: Expr, checked: Checked, environment: Environment, bindings: Bindings): { code: Code; frameSize: number } {
  const compiler = new Compiler(checked, environment, bindings);
  const code = compiler.compile(root);
  return { code, frameSize: compiler.frameSize };
}
