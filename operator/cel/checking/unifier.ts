import { DYN, ERROR, isOptionalType, listOf, mapOf, opaque, sameType, typeOf, typeParam } from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';

type Bindings = Map<string, CelType>;

const isAny = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error';
const NULLABLE = new Set(['opaque', 'object', 'duration', 'timestamp', 'null']);

/** Returns the type inside an optional type. Returns other types unchanged. */
export function unwrapOptional(type: CelType): CelType {
  return isOptionalType(type) ? (type.params[0] ?? DYN) : type;
}

function lessSpecific(a: CelType, b: CelType): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param' || a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  if (a.params.length === 0) return sameType(a, b);
  return (
    a.name === b.name && a.params.length === b.params.length && a.params.every((param, i) => lessSpecific(param, b.params[i] as CelType))
  );
}

/** Returns the more general of two types that agree. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return lessSpecific(a, b) ? a : b;
}

/** The bindings of the type variables of one expression. The rules of agreement are those of cel-go. */
export class Unifier {
  private bindings: Bindings = new Map();
  private fresh = 0;

  /** Returns a new type variable. */
  variable(): CelType {
    return typeParam(`_var${String(this.fresh++)}`);
  }

  /** Returns whether `from` can be assigned to `to`. Binds type variables only if it returns true. */
  assignable(from: CelType, to: CelType): boolean {
    return this.allAssignable([from], [to]);
  }

  /** Returns whether each type of the first list can be assigned to the one of the second list. Binds type variables only if it returns true. */
  allAssignable(from: readonly CelType[], to: readonly CelType[]): boolean {
    const before = new Map(this.bindings);
    const agreed = this.pairs(from, to);
    if (!agreed) this.bindings = before;
    return agreed;
  }

  /** Returns the type with its type variables replaced by their bindings. Unbound ones become dyn if `toDyn` is set. */
  substitute(type: CelType, toDyn: boolean): CelType {
    const bound = type.kind === 'param' ? this.bindings.get(type.name) : undefined;
    if (bound !== undefined) return this.substitute(bound, toDyn);
    if (type.kind === 'param') return toDyn ? DYN : type;
    if (type.params.length === 0) return type;
    return rebuilt(
      type,
      type.params.map((param) => this.substitute(param, toDyn)),
    );
  }

  /** Returns the types with new type variables, so that two uses of an overload do not share them. */
  instantiate(types: readonly CelType[]): CelType[] {
    const renamed = new Map<string, CelType>();
    const visit = (type: CelType): CelType => {
      if (type.kind !== 'param') return type.params.length === 0 ? type : rebuilt(type, type.params.map(visit));
      const known = renamed.get(type.name) ?? this.variable();
      renamed.set(type.name, known);
      return known;
    };
    return types.map(visit);
  }

  private pairs(from: readonly CelType[], to: readonly CelType[]): boolean {
    return from.length === to.length && from.every((type, i) => this.agrees(type, to[i] as CelType));
  }

  private agrees(from: CelType, to: CelType): boolean {
    if (to.kind === 'param') {
      const bound = this.bindings.has(to.name);
      if (this.bind(to, from)) return true;
      if (bound) return false;
    }
    if (from.kind === 'param') return this.bind(from, to);
    return isAny(from) || isAny(to) || this.sameShape(from, to);
  }

  private sameShape(from: CelType, to: CelType): boolean {
    if (from.kind === 'null') return NULLABLE.has(to.kind);
    if (to.kind === 'null') return NULLABLE.has(from.kind);
    if (from.kind === 'type') return to.kind === 'type';
    return from.kind === to.kind && from.name === to.name && this.pairs(from.params, to.params);
  }

  private bind(variable: CelType, type: CelType): boolean {
    if (sameType(variable, type)) return true;
    const bound = this.bindings.get(variable.name);
    if (bound === undefined) {
      if (this.occurs(variable, type)) return false;
      this.bindings.set(variable.name, type);
      return true;
    }
    if (sameType(bound, type)) return true;
    if (!this.agrees(type, bound)) return false;
    const general = mostGeneral(type, bound);
    if (!this.occurs(variable, general)) this.bindings.set(variable.name, general);
    return true;
  }

  private occurs(variable: CelType, within: CelType): boolean {
    if (sameType(variable, within)) return true;
    if (within.kind !== 'param') return within.params.some((param) => this.occurs(variable, param));
    const bound = this.bindings.get(within.name);
    return bound !== undefined && this.occurs(variable, bound);
  }
}

function rebuilt(type: CelType, params: readonly CelType[]): CelType {
  if (type.kind === 'list') return listOf(params[0] ?? DYN);
  if (type.kind === 'map') return mapOf(params[0] ?? DYN, params[1] ?? DYN);
  return type.kind === 'type' ? typeOf(params[0] ?? ERROR) : opaque(type.name, ...params);
}
