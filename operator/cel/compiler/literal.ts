import type { Literal } from '../syntax/ast.ts';
import { double, int, Uint } from '../values/value.ts';

/** Returns the value of a literal. */
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
