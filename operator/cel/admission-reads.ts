import type { Expr } from './syntax/ast.ts';
import { visitUnshadowed, type IsShadowed } from './unshadowed.ts';

/** The inputs of an expression that a background scan may not have. */
export interface AdmissionReads {
  /** The expression reads `authorizer`, or a field of `request` that does not follow from the object: only a request has these. */
  readonly admissionOnly: boolean;
  readonly oldObject: boolean;
  readonly namespaceObject: boolean;
  /** The variables of the policy that the expression reads directly. */
  readonly variables: ReadonlySet<string>;
  /** The expression reads `variables` as a whole. */
  readonly allVariables: boolean;
}

/** The fields of `request` that are known for the creation of an object. */
const knownFields: ReadonlySet<string> = new Set([
  ...['kind', 'resource', 'subResource', 'requestKind', 'requestResource', 'requestSubResource'],
  ...['name', 'namespace', 'operation', 'dryRun'],
]);

interface Found {
  admissionOnly: boolean;
  oldObject: boolean;
  namespaceObject: boolean;
  allVariables: boolean;
  readonly variables: Set<string>;
}

function readIdent(name: string, found: Found): void {
  if (name === 'authorizer' || name === 'request') found.admissionOnly = true;
  if (name === 'oldObject') found.oldObject = true;
  if (name === 'namespaceObject') found.namespaceObject = true;
  if (name === 'variables') found.allVariables = true;
}

/** Records a selection from `request` or `variables`. Returns false for other expressions. */
function readSelection(expr: Expr, isShadowed: IsShadowed, found: Found): boolean {
  if (expr.kind !== 'select' || expr.operand.kind !== 'ident' || isShadowed(expr.operand.name)) return false;
  const { name } = expr.operand;
  if (name === 'variables') found.variables.add(expr.field);
  else if (name === 'request') found.admissionOnly ||= !knownFields.has(expr.field);
  else return false;
  return true;
}

/** Returns the inputs of an expression. Names that a fold shadows are left out. */
export function admissionReads(root: Expr): AdmissionReads {
  const found: Found = { admissionOnly: false, oldObject: false, namespaceObject: false, allVariables: false, variables: new Set() };
  visitUnshadowed(root, (expr, isShadowed) => {
    if (readSelection(expr, isShadowed, found)) return true;
    if (expr.kind === 'ident' && !isShadowed(expr.name)) readIdent(expr.name.replace(/^\./, ''), found);
    return false;
  });
  return found;
}
