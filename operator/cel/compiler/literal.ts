import type { Literal } from '../syntax/ast.ts';
import { double, int, Uint } from '../values/value.ts';

/** The value that a literal stands for. */
export function literalValue(literal: Literal): unknown {
  switch (literal.kind) {
    case 'int':
      return int(literal.value);
    case 'uint':
      return new Uint(literal.value);
    case 'double':
      return double(literal.value);
    default:
      return literal.value;
  }
}
