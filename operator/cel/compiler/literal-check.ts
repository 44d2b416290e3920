import type { CallExpr, Expr } from '../syntax/ast.ts';
import { noSuchOverload } from '../values/cel-fault.ts';
import { DYN, isOptionalType, showType } from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';
import type { Checked } from '../checking/checker.ts';
import { toDuration, toTimestamp } from '../values/conversion.ts';
import { atLeast } from '../checking/environment.ts';
import type { Environment } from '../checking/environment.ts';
import { put } from './fold.ts';
import { formatProblem } from '../library/string-format.ts';
import { literalValue } from './literal.ts';
import { guardOf } from '../library/overload.ts';
import { pattern } from '../values/pattern.ts';
import { CelMap } from '../values/value.ts';

interface Fault {
  readonly message: string;
  readonly at: number;
}

/** Calls whose literal argument is checked before anything runs: which argument, and what reads it. */
const READERS: Readonly<Record<string, { readonly arg: number; readonly read: (text: string) => unknown; readonly what: string }>> = {
  duration: { arg: 0, read: toDuration, what: 'duration' },
  timestamp: { arg: 0, read: toTimestamp, what: 'timestamp' },
  matches: { arg: 0, read: pattern, what: 'matches' },
};

const FINDERS = new Set(['find', 'findAll']);

/** The expressions directly inside one. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    case 'list':
      return expr.elements;
    case 'map':
      return expr.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return expr.fields.map((field) => field.value);
    case 'fold':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    default:
      return [];
  }
}

/** Conversions that the server carries out once, before anything runs, where their argument is written out. */
const CONVERSIONS: ReadonlySet<string> = new Set(['bool', 'bytes', 'double', 'duration', 'dyn', 'int', 'string', 'timestamp', 'uint']);

/** The literal checks of one expression. */
class LiteralCheck {
  readonly faults: Fault[] = [];
  private readonly checked: Checked;
  private readonly environment: Environment;
  /** What conversions of constants came to. */
  private readonly constants = new Map<Expr, unknown>();

  constructor(checked: Checked, environment: Environment) {
    this.checked = checked;
    this.environment = environment;
  }

  /** Goes through an expression from the leaves up. Members of what a `format` is given may be of several types. */
  run(root: Expr): void {
    const order: { readonly expr: Expr; readonly exempt: boolean }[] = [];
    const pending = [{ expr: root, exempt: false }];
    const seen = new Set<Expr>();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (seen.has(next.expr)) continue;
      seen.add(next.expr);
      order.push(next);
      const exempt = next.exempt || (next.expr.kind === 'call' && next.expr.name === 'format');
      pending.push(...children(next.expr).map((expr) => ({ expr, exempt })));
    }
    for (const { expr, exempt } of order.reverse()) {
      if (expr.kind === 'call') this.call(expr);
      else if (!exempt) this.members(expr);
      this.fold(expr);
    }
  }

  private typeOf(expr: Expr, optional = false): CelType {
    const type = this.checked.types[expr.id] ?? DYN;
    return optional && isOptionalType(type) ? (type.params[0] ?? DYN) : type;
  }

  /** A list or map literal holds one type, and `dyn` is one of its own. */
  private members(expr: Expr): void {
    if (expr.kind === 'list') this.same(expr.elements.map((element, at) => [element, this.typeOf(element, expr.optional.has(at))]));
    if (expr.kind !== 'map') return;
    this.same(expr.entries.map(({ key }) => [key, this.typeOf(key)]));
    this.same(expr.entries.map(({ value, optional }) => [value, this.typeOf(value, optional)]));
  }

  private same(entries: readonly (readonly [Expr, CelType])[]): void {
    const wanted = entries[0] === undefined ? '' : showType(entries[0][1]);
    const odd = entries.find(([, type]) => showType(type) !== wanted);
    if (odd !== undefined) this.faults.push({ at: odd[0].at, message: `expected type '${wanted}' but found '${showType(odd[1])}'` });
  }

  private call(expr: CallExpr): void {
    this.read(expr);
    if (expr.name === 'format') this.format(expr);
    if (CONVERSIONS.has(expr.name) && expr.target === undefined && expr.args.length === 1) this.convert(expr, expr.args[0] as Expr);
  }

  /** A list or map of constants is one. */
  private fold(expr: Expr): void {
    if (expr.kind === 'list' && expr.optional.size === 0) {
      const items = expr.elements.map((element) => this.constantOf(element));
      if (!items.includes(undefined))
        this.constants.set(
          expr,
          items.map((item) => item?.value),
        );
    }
    if (expr.kind !== 'map' || expr.entries.some(({ optional }) => optional)) return;
    const entries = expr.entries.map(({ key, value }) => [this.constantOf(key), this.constantOf(value)] as const);
    if (entries.some(([key, value]) => key === undefined || value === undefined)) return;
    const into = new Map<unknown, readonly [unknown, unknown]>();
    for (const [key, value] of entries) put(into, key?.value, value?.value);
    this.constants.set(expr, new CelMap(into));
  }

  private constantOf(expr: Expr): { readonly value: unknown } | undefined {
    if (expr.kind === 'constant') return { value: literalValue(expr.literal) };
    return this.constants.has(expr) ? { value: this.constants.get(expr) } : undefined;
  }

  private read(expr: CallExpr): void {
    if (FINDERS.has(expr.name) && expr.args[0] !== undefined) this.foldedPattern(expr.args[0]);
    const reader = Object.hasOwn(READERS, expr.name) ? READERS[expr.name] : undefined;
    const [arg, second] = expr.args;
    // The server looks at the first argument of matches(text, pattern) too, as if it were the pattern: at a literal, not at what was folded.
    if (expr.name === 'matches' && second !== undefined) this.foldedPattern(second);
    if (reader === undefined || arg === undefined) return;
    if (arg.kind !== 'constant') {
      if (expr.name === 'matches' && second === undefined) this.foldedPattern(arg);
      return;
    }
    if (expr.name === 'matches' && arg.literal.kind !== 'string') return;
    const fault = thrown(() => reader.read(literalValue(arg.literal) as string));
    if (fault !== undefined) this.faults.push({ at: arg.at, message: `invalid ${reader.what} argument: ${fault}` });
  }

  /** A pattern that is a constant by what it is made of: read once, as well. */
  private foldedPattern(arg: Expr): void {
    const text = this.constantOf(arg)?.value;
    if (typeof text !== 'string') return;
    const fault = thrown(() => pattern(text));
    if (fault !== undefined) this.faults.push({ at: arg.at, message: `program instantiation failed: ${fault}` });
  }

  private format(expr: CallExpr): void {
    const [args] = expr.args;
    if (expr.target?.kind !== 'constant' || expr.target.literal.kind !== 'string' || args?.kind !== 'list') return;
    const kinds = args.elements.map((element) => kindOf(this.typeOf(element)));
    const problem = formatProblem(expr.target.literal.value, kinds);
    if (problem !== undefined) this.faults.push({ at: args.at, message: problem });
  }

  private convert(expr: CallExpr, arg: Expr): void {
    const constant = this.constantOf(arg);
    if (constant === undefined || this.faults.some(({ at }) => at === arg.at)) return;
    const fault = thrown(() => {
      const overload = this.environment.overloads(expr.name)?.find(({ params }) => guardOf(params[0] ?? DYN)(constant.value));
      if (overload === undefined) throw noSuchOverload(expr.name);
      this.constants.set(expr, overload.run(constant.value));
    });
    if (fault !== undefined) this.faults.push({ at: expr.at, message: `program instantiation failed: ${fault}` });
  }
}

/** The message of what is thrown; undefined when nothing is. */
function thrown(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A type without its parameters, as format clauses ask for it. */
function kindOf(type: CelType): string {
  if (type.kind === 'null' || type.kind === 'list' || type.kind === 'map') return type.kind;
  const shown = showType(type);
  if (shown.startsWith('type')) return 'type';
  return shown.startsWith('optional_type') ? 'optional_type' : shown;
}

/**
 * Finds what the API server refuses before anything runs: literals of several types, and from 1.29 on durations, times,
 * regular expressions, formats and conversions that are written out and cannot be.
 */
export function checkLiterals(root: Expr, checked: Checked, environment: Environment): Fault[] {
  const check = new LiteralCheck(checked, environment);
  check.run(root);
  return atLeast(environment.version, '1.29') ? check.faults : check.faults.filter(({ message }) => message.startsWith('expected type'));
}
