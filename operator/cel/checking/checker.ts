import type { CallExpr, Expr, FoldExpr, IdentExpr, ListExpr, MapExpr, SelectExpr } from '../syntax/ast.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  isOptionalType,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  showType,
  STRING,
  UINT,
} from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';
import { TYPE_NAMES } from './environment.ts';
import type { Environment } from './environment.ts';
import type { Overload } from '../library/overload.ts';
import { didYouMean, functionHint } from './suggestion.ts';
import { mostGeneral, Unifier, unwrapOptional } from './unifier.ts';

/** The result of the checker: the type of each node, the overloads of each call, and the faults. */
export interface Checked {
  readonly types: readonly CelType[];
  readonly overloads: ReadonlyMap<number, readonly Overload[]>;
  /** The full names of namespaced functions and of names with dots, by node id. */
  readonly qualified: ReadonlyMap<number, string>;
  readonly faults: readonly { readonly message: string; readonly at: number }[];
}

/** Functions that the dialect does not have, with a hint for each. */
const REFUSED: Readonly<Record<string, string>> = {
  'cel.bind': "bind it in the policy's `variables` instead",
  'base64.encode': 'the dialect has no base64',
  'base64.decode': 'the dialect has no base64',
};

const LITERALS: Readonly<Record<string, CelType>> = {
  null: NULL,
  bool: BOOL,
  int: INT,
  uint: UINT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
};

/** Returns the name `a.b.c` of an expression that consists only of names. Returns undefined for other expressions. */
export function dottedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.test) return undefined;
  const prefix = dottedName(expr.operand);
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`;
}

class Checker {
  readonly types: CelType[] = [];
  readonly overloads = new Map<number, readonly Overload[]>();
  readonly qualified = new Map<number, string>();
  readonly faults: { message: string; at: number }[] = [];
  private readonly unifier = new Unifier();
  private readonly environment: Environment;
  private scope: ReadonlyMap<string, CelType>;
  private readonly locals = new Set<string>();

  constructor(environment: Environment, variables: ReadonlyMap<string, CelType>) {
    this.environment = environment;
    this.scope = variables;
  }

  private fault(at: number, message: string): CelType {
    this.faults.push({ at, message });
    return ERROR;
  }

  /** Returns the type of a node. Computes it at the first call. */
  check(expr: Expr): CelType {
    const known = this.types[expr.id];
    if (known !== undefined) return known;
    const type = this.typeOf(expr);
    this.types[expr.id] = type;
    return type;
  }

  private typeOf(expr: Expr): CelType {
    switch (expr.kind) {
      case 'constant':
        return LITERALS[expr.literal.kind] ?? DYN;
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
        for (const field of expr.fields) this.check(field.value);
        return this.fault(
          expr.at,
          `undeclared reference to '${expr.name}': a validation makes no typed objects, write a map {"key": value}`,
        );
    }
  }

  private variable(name: string): CelType | undefined {
    const bare = name.startsWith('.') ? name.slice(1) : name;
    return this.scope.get(bare) ?? TYPE_NAMES.get(bare);
  }

  private ident(expr: IdentExpr): CelType {
    const found = this.variable(expr.name);
    if (found !== undefined) return found;
    return this.fault(expr.at, `undeclared reference to '${expr.name}'${didYouMean(expr.name, [...this.scope.keys()])}`);
  }

  private select(expr: SelectExpr): CelType {
    const name = dottedName(expr);
    const qualified = name === undefined || this.locals.has(name.split('.')[0] as string) ? undefined : this.variable(name);
    if (qualified !== undefined) {
      this.qualified.set(expr.id, name as string);
      return qualified;
    }
    const type = this.field(expr.operand, expr.field, expr.at);
    return expr.test ? BOOL : type;
  }

  private field(operand: Expr, field: string, at: number): CelType {
    const type = this.unifier.substitute(this.check(operand), false);
    const inner = unwrapOptional(type);
    const found = this.fieldOf(inner, field, at);
    return isOptionalType(type) ? optionalOf(found) : found;
  }

  private fieldOf(type: CelType, field: string, at: number): CelType {
    switch (type.kind) {
      case 'map':
        return type.params[1] ?? DYN;
      case 'object': {
        const found = type.fields !== undefined && Object.hasOwn(type.fields, field) ? type.fields[field] : undefined;
        return found ?? this.fault(at, `undefined field '${field}'${didYouMean(field, Object.keys(type.fields ?? {}))}`);
      }
      case 'param':
        this.unifier.assignable(DYN, type);
        return DYN;
      case 'dyn':
      case 'error':
        return DYN;
      default:
        this.fault(at, `type '${showType(type)}' does not support field selection`);
        return DYN;
    }
  }

  private optionalSelect(expr: CallExpr): CelType {
    const field = expr.args[1];
    const name = field?.kind === 'constant' && field.literal.kind === 'string' ? field.literal.value : '';
    const type = this.field(expr.args[0] as Expr, name, expr.at);
    return isOptionalType(type) ? type : optionalOf(type);
  }

  private call(expr: CallExpr): CelType {
    if (expr.name === '_?._') return this.optionalSelect(expr);
    const { target } = expr;
    const prefix = target === undefined ? undefined : dottedName(target);
    const whole = prefix === undefined ? expr.name : `${prefix}.${expr.name}`;
    // The prefix is the name of an unknown library, so its parts are not checked.
    if (Object.hasOwn(REFUSED, whole)) return this.unknownFunction(expr, expr.name, whole);
    const namespaced = prefix !== undefined && this.environment.overloads(whole) !== undefined;
    if (namespaced) this.qualified.set(expr.id, whole);
    const isMember = target !== undefined && !namespaced;
    const argTypes = [...(isMember ? [target] : []), ...expr.args].map((arg) => this.check(arg));
    if (expr.name === '_&&_' || expr.name === '_||_') return this.logic(expr, argTypes);
    return this.resolve(expr, namespaced ? whole : expr.name.replace(/^\./, ''), isMember, argTypes, whole);
  }

  private logic(expr: CallExpr, argTypes: readonly CelType[]): CelType {
    const wrong = argTypes.findIndex((type) => !this.unifier.assignable(type, BOOL));
    if (wrong >= 0 && showType(argTypes[wrong] as CelType) !== ERROR.name)
      this.mismatch((expr.args[wrong] as Expr).at, BOOL, argTypes[wrong] as CelType);
    this.overloads.set(expr.id, (this.environment.overloads(expr.name) ?? []).slice(0, 1));
    return BOOL;
  }

  private resolve(expr: CallExpr, ...[name, isMember, argTypes, whole]: [string, boolean, CelType[], string]): CelType {
    const candidates = this.environment.overloads(name);
    if (candidates === undefined) return this.unknownFunction(expr, name, whole);
    const matching: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of candidates) {
      if (overload.member !== isMember) continue;
      const [resultType, ...params] = this.unifier.instantiate([overload.result, ...overload.params]) as [CelType, ...CelType[]];
      if (!this.unifier.allAssignable(argTypes, params)) continue;
      matching.push(overload);
      const found = this.unifier.substitute(resultType, false);
      result = result === undefined || showType(result) === showType(found) ? found : DYN;
    }
    if (result === undefined) return this.noOverload(expr, name, isMember, argTypes);
    this.overloads.set(expr.id, matching);
    return result;
  }

  private unknownFunction(expr: CallExpr, name: string, whole: string): CelType {
    const since = this.environment.introduced(whole) ?? this.environment.introduced(name);
    if (since !== undefined) {
      return this.fault(
        expr.at,
        `undeclared reference to '${name}': introduced in Kubernetes ${since}, this is for ${this.environment.version}`,
      );
    }
    const refused =
      (Object.hasOwn(REFUSED, whole) ? REFUSED[whole] : undefined) ??
      (whole.startsWith('math.') ? "the dialect has no 'math' library" : undefined);
    const hint = refused === undefined ? functionHint(name, this.environment.names()) : `: ${refused}`;
    return this.fault(expr.at, `undeclared reference to '${refused === undefined ? name : whole}': no such function${hint}`);
  }

  private noOverload(expr: CallExpr, name: string, isMember: boolean, argTypes: readonly CelType[]): CelType {
    const shown = argTypes.map((type) => showType(this.unifier.substitute(type, true)));
    if (shown.includes(ERROR.name)) return ERROR;
    const applied = isMember ? `${shown[0] ?? ''}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
    return this.fault(expr.at, `found no matching overload for '${name}' applied to '${applied}'`);
  }

  /** Returns the type of the members of a literal, or `dyn` for members of several types. The literal check decides if that is allowed. */
  private join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    if (this.unifier.assignable(previous, current)) return mostGeneral(previous, current);
    return DYN;
  }

  private mismatch(at: number, expected: CelType, found: CelType): CelType {
    const [wanted, given] = [expected, found].map((type) => showType(this.unifier.substitute(type, true))) as [string, string];
    return this.fault(at, `expected type '${wanted}' but found '${given}'`);
  }

  private element(expr: Expr, optional: boolean): CelType {
    const type = this.check(expr);
    if (!optional || isOptionalType(type) || type.kind === 'dyn') return optional ? unwrapOptional(type) : type;
    return this.mismatch(expr.at, optionalOf(type), type);
  }

  private list(expr: ListExpr): CelType {
    let joined: CelType | undefined;
    expr.elements.forEach((element, i) => (joined = this.join(joined, this.element(element, expr.optional.has(i)))));
    return listOf(joined ?? this.unifier.variable());
  }

  private map(expr: MapExpr): CelType {
    let key: CelType | undefined;
    let value: CelType | undefined;
    for (const entry of expr.entries) {
      key = this.join(key, this.check(entry.key));
      value = this.join(value, this.element(entry.value, entry.optional));
    }
    return mapOf(key ?? this.unifier.variable(), value ?? this.unifier.variable());
  }

  private rangeTypes(expr: FoldExpr): [CelType, CelType] {
    const range = this.unifier.substitute(this.check(expr.range), false);
    const [first = DYN, second = DYN] = range.params;
    if (range.kind === 'list') return expr.variable2 === undefined ? [first, first] : [INT, first];
    if (range.kind === 'map') return [first, second];
    if (['dyn', 'error', 'param'].includes(range.kind)) {
      this.unifier.assignable(DYN, range);
      return [DYN, DYN];
    }
    this.fault(expr.range.at, `expression of type '${showType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`);
    return [ERROR, ERROR];
  }

  private fold(expr: FoldExpr): CelType {
    const [first, second] = this.rangeTypes(expr);
    const accumulated = this.check(expr.init);
    const outer = this.scope;
    const inner = new Map(outer).set(expr.accumulator, accumulated);
    const loop = new Map(inner).set(expr.variable, first);
    if (expr.variable2 !== undefined) loop.set(expr.variable2, second);
    this.scope = loop;
    for (const name of [expr.accumulator, expr.variable, expr.variable2]) if (name !== undefined) this.locals.add(name);
    this.expect(expr.condition, BOOL);
    this.expect(expr.step, accumulated);
    this.scope = inner;
    const result = this.check(expr.result);
    this.scope = outer;
    return this.unifier.substitute(result, false);
  }

  private expect(expr: Expr, type: CelType): void {
    const found = this.check(expr);
    if (!this.unifier.assignable(found, type)) this.mismatch(expr.at, type, found);
  }

  finish(): CelType[] {
    return this.types.map((type) => this.unifier.substitute(type, true));
  }
}

/** Checks an expression with the functions of a version and the variables in scope. */
export function check(root: Expr, environment: Environment, variables: ReadonlyMap<string, CelType>): Checked {
  const checker = new Checker(environment, variables);
  checker.check(root);
  return { types: checker.finish(), overloads: checker.overloads, qualified: checker.qualified, faults: checker.faults };
}
