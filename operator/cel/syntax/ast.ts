/** The value of a literal. Its kind distinguishes `uint` and `double` from `int`. */
export type Literal =
  | { readonly kind: 'null'; readonly value: null }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int' | 'uint'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

interface Node {
  /** The id of the node, from 0. It is unique in the expression. */
  readonly id: number;
  /** The offset in the source in UTF-16 units. For a call of an operator, the offset of the operator. */
  readonly at: number;
}

/** A literal. */
export interface ConstantExpr extends Node {
  readonly kind: 'constant';
  readonly literal: Literal;
}
/** A name. `name` includes a leading dot (`.a`). */
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
/** A call. Operators are calls of the functions `_+_`, `!_`, `_?_:_`, `_[_]`, `_?._`, `_[?_]` and so on. */
export interface CallExpr extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}
/** A list literal such as `[a, ?b]`. `optional` has the indices of the elements with `?`. */
export interface ListExpr extends Node {
  readonly kind: 'list';
  readonly elements: readonly Expr[];
  readonly optional: ReadonlySet<number>;
}
/** An entry `key: value` of a map literal. */
export interface MapEntry {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}
/** A map literal such as `{a: b, ?c: d}`. */
export interface MapExpr extends Node {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}
/** A message literal `Type{field: value}`. The checker refuses it, because a validation has no such types. */
export interface StructExpr extends Node {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly value: Expr; readonly optional: boolean }[];
}
/** A fold over a list or a map. Macros expand to folds. */
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
  /** The parts of the macro in the source, for the compiler. */
  readonly filter: Expr | undefined;
  readonly body: Expr;
}

/** The kind of a fold. `let` stands for `optMap` and `optFlatMap`: a fold over an empty list that binds one name. */
export type MacroName = 'all' | 'exists' | 'exists_one' | 'map' | 'filter' | 'transformMap' | 'transformMapEntry' | 'let' | 'sortBy';

export type Expr = ConstantExpr | IdentExpr | SelectExpr | CallExpr | ListExpr | MapExpr | StructExpr | FoldExpr;

/** The name of the accumulator in a fold of a macro. It is not a valid identifier in a source. */
export const ACCUMULATOR = '@result';
