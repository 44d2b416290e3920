import { children } from './compiler/literal-check.ts';
import type { Expr } from './syntax/ast.ts';

/** Whether a name is a variable of a surrounding macro. */
export type IsShadowed = (name: string) => boolean;

/**
 * Visits an expression and its subexpressions, each with the names that the macros around it declare. `visit` returns true to leave out the
 * subexpressions of the one that it was given.
 */
export function visitUnshadowed(expr: Expr, visit: (expr: Expr, isShadowed: IsShadowed) => boolean): void {
  walk(expr, new Set(), visit);
}

function walk(expr: Expr, shadowed: ReadonlySet<string>, visit: (expr: Expr, isShadowed: IsShadowed) => boolean): void {
  if (visit(expr, (name) => shadowed.has(name))) return;
  if (expr.kind !== 'fold') {
    for (const child of children(expr)) walk(child, shadowed, visit);
    return;
  }
  const inner = new Set([...shadowed, expr.accumulator, expr.variable, expr.variable2 ?? expr.variable]);
  walk(expr.range, shadowed, visit);
  walk(expr.init, shadowed, visit);
  for (const piece of [expr.filter, expr.body]) if (piece !== undefined) walk(piece, inner, visit);
}
