import type { Expr } from './syntax/ast.ts';
import { children } from './compiler/literal-check.ts';

/** The inputs of an expression that a background scan may not have. */
export interface AdmissionReads {
  /** The expression reads `request.userInfo` or `authorizer`, which only exist at admission. */
  readonly admissionOnly: boolean;
  readonly namespaceObject: boolean;
  /** The variables of the policy that the expression reads directly. */
  readonly variables: ReadonlySet<string>;
  /** The expression reads `variables` as a whole. */
  readonly allVariables: boolean;
}

interface Found {
  admissionOnly: boolean;
  namespaceObject: boolean;
  allVariables: boolean;
  readonly variables: Set<string>;
}

function readIdent(name: string, found: Found): void {
  if (name === 'authorizer' || name === 'request') found.admissionOnly = true;
  if (name === 'namespaceObject') found.namespaceObject = true;
  if (name === 'variables') found.allVariables = true;
}

/** Records a selection from `request` or `variables`. Returns false for other expressions. */
function readSelection(expr: Expr, shadowed: ReadonlySet<string>, found: Found): boolean {
  if (expr.kind !== 'select' || expr.operand.kind !== 'ident' || shadowed.has(expr.operand.name)) return false;
  const { name } = expr.operand;
  if (name === 'variables') found.variables.add(expr.field);
  else if (name === 'request') found.admissionOnly ||= expr.field === 'userInfo';
  else return false;
  return true;
}

function visit(expr: Expr, shadowed: ReadonlySet<string>, found: Found): void {
  if (readSelection(expr, shadowed, found)) return;
  if (expr.kind === 'ident' && !shadowed.has(expr.name)) readIdent(expr.name.replace(/^\./, ''), found);
  if (expr.kind !== 'fold') {
    for (const child of children(expr)) visit(child, shadowed, found);
    return;
  }
  const inner = new Set([...shadowed, expr.accumulator, expr.variable, expr.variable2 ?? expr.variable]);
  visit(expr.range, shadowed, found);
  visit(expr.init, shadowed, found);
  for (const piece of [expr.filter, expr.body]) if (piece !== undefined) visit(piece, inner, found);
}

/** Returns the inputs of an expression. Names that a fold shadows are left out. */
export function admissionReads(root: Expr): AdmissionReads {
  const found: Found = { admissionOnly: false, namespaceObject: false, allVariables: false, variables: new Set() };
  visit(root, new Set(), found);
  return found;
}
