import type { Expr } from './syntax/ast.ts';
import { visitUnshadowed, type IsShadowed } from './unshadowed.ts';

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
function readSelection(expr: Expr, isShadowed: IsShadowed, found: Found): boolean {
  if (expr.kind !== 'select' || expr.operand.kind !== 'ident' || isShadowed(expr.operand.name)) return false;
  const { name } = expr.operand;
  if (name === 'variables') found.variables.add(expr.field);
  else if (name === 'request') found.admissionOnly ||= expr.field === 'userInfo';
  else return false;
  return true;
}

/** Returns the inputs of an expression. Names that a fold shadows are left out. */
export function admissionReads(root: Expr): AdmissionReads {
  const found: Found = { admissionOnly: false, namespaceObject: false, allVariables: false, variables: new Set() };
  visitUnshadowed(root, (expr, isShadowed) => {
    if (readSelection(expr, isShadowed, found)) return true;
    if (expr.kind === 'ident' && !isShadowed(expr.name)) readIdent(expr.name.replace(/^\./, ''), found);
    return false;
  });
  return found;
}
