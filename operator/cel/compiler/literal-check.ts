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

/** The calls with a literal argument that the compiler checks: the index of the argument, and its parser. */
const READERS: Readonly<Record<string, { readonly arg: number; readonly read: (text: string) => unknown; readonly what: string }>> = {
  duration: { arg: 0, read: toDuration, what: 'duration' },
  timestamp: { arg: 0, read: toTimestamp, what: 'timestamp' },
  matches: { arg: 0, read: pattern, what: 'matches' },
};

const FINDERS = new Set(['find', 'findAll']);

/** Returns the direct subexpressions of an expression. */
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

/** The conversions that the API server evaluates at compile time if their argument is a literal. */
const CONVERSIONS: ReadonlySet<string> = new Set(['bool', 'bytes', 'double', 'duration', 'dyn', 'int', 'string', 'timestamp', 'uint']);

/** Checks the literals of one expression. */
class LiteralCheck {
  readonly faults: Fault[] = [];
  private readonly checked: Checked;
  private readonly environment: Environment;
  /** The results of conversions of constants. */
  private readonly constants = new Map<Expr, unknown>();

  constructor(checked: Checked, environment: Environment) {
    this.checked = checked;
    this.environment = environment;
  }

  /** Visits an expression from the leaves up. The list of arguments of `format` can have members of several types. */
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

  /** Checks that all members of a list or map literal have the same type. `dyn` counts as a separate type. */
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

  /** A list or a map of constants is a constant. */
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
    // The API server also checks the first argument of matches(text, pattern) as a pattern, if it is a literal in the source.
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

  /** Checks a pattern that is the constant result of constants. */
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

/** Runs a function. Returns the message of the error that it throws, or undefined. */
function thrown(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Returns the kind of a type for format clauses. */
function kindOf(type: CelType): string {
  if (type.kind === 'null' || type.kind === 'list' || type.kind === 'map') return type.kind;
  const shown = showType(type);
  if (shown.startsWith('type')) return 'type';
  return shown.startsWith('optional_type') ? 'optional_type' : shown;
}

/**
 * Returns the faults that the API server reports at compile time: list and map literals with several types, and from 1.29 literal durations,
 * times, regular expressions, formats and conversions that are not valid.
 */
export function checkLiterals(root: Expr, checked: Checked, environment: Environment): Fault[] {
  const check = new LiteralCheck(checked, environment);
  check.run(root);
  return atLeast(environment.version, '1.29') ? check.faults : check.faults.filter(({ message }) => message.startsWith('expected type'));
}
