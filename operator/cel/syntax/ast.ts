/** A literal's value as the language has it; `uint` and `double` need telling apart from `int`. */
export type Literal =
  | { readonly kind: 'null'; readonly value: null }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int' | 'uint'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

interface Node {
  /** Unique in its expression, from 0 up. */
  readonly id: number;
  /** Where it stands in the source, in UTF-16 units. For a call of an operator, where the operator stands. */
  readonly at: number;
}

/** A literal. */
export interface ConstantExpr extends Node {
  readonly kind: 'constant';
  readonly literal: Literal;
}
/** A name. A leading dot (`.a`) stays in `name`. */
export interface IdentExpr extends Node {
  readonly kind: 'ident';
  readonly name: string;
}
/** `operand.field`, or `has(operand.field)` with `test`. */
export interface SelectExpr extends Node {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  readonly test: boolean;
}
/** A call; operators are calls of functions named `_+_`, `!_`, `_?_:_`, `_[_]`, `_?._`, `_[?_]`. */
export interface CallExpr extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}
/** `[a, ?b]`; `optional` holds the indices of the elements written with `?`. */
export interface ListExpr extends Node {
  readonly kind: 'list';
  readonly elements: readonly Expr[];
  readonly optional: ReadonlySet<number>;
}
/** One `key: value` of a map literal. */
export interface MapEntry {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}
/** `{a: b, ?c: d}`. */
export interface MapExpr extends Node {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}
/** `Type{field: value}`: parsed, and refused by the checker, since a validation has no such types. */
export interface StructExpr extends Node {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly value: Expr; readonly optional: boolean }[];
}
/** What a macro expands to: a fold over a list or a map. */
export interface FoldExpr extends Node {
  readonly kind: 'fold';
  readonly macro: MacroName;
  readonly range: Expr;
  readonly variable: string;
  readonly variable2: string | undefined;
  readonly accumulator: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
  /** The pieces as the author wrote them, for the compiler. */
  readonly filter: Expr | undefined;
  readonly body: Expr;
}

/** What kind of fold an expression is. `let` is `optMap` and `optFlatMap`: a fold over nothing that binds one name. */
export type MacroName = 'all' | 'exists' | 'exists_one' | 'map' | 'filter' | 'transformMap' | 'transformMapEntry' | 'let' | 'sortBy';

export type Expr = ConstantExpr | IdentExpr | SelectExpr | CallExpr | ListExpr | MapExpr | StructExpr | FoldExpr;

/** The accumulator's name in a macro's fold: not an identifier that an author could write. */
export const ACCUMULATOR = '@result';
