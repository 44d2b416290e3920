import { DYN, type CelType } from '../cel/cel-type.ts';
import { compile } from '../cel/compile.ts';

/** Values by variable name. */
export type Bindings = Record<string, unknown>;

/** What an expression came to. */
export type ExpressionValue = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/** A compiled CEL expression. */
export type Expression = (bindings: Bindings) => ExpressionValue;

/** Why an expression cannot be used; line and column from 1. */
export interface ExpressionError {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

const untyped = (...names: readonly string[]): Readonly<Record<string, CelType>> => Object.fromEntries(names.map((name) => [name, DYN]));

/** The names that an expression may use: a rule's are those of a ValidatingAdmissionPolicy. */
const variables = {
  rule: untyped('object', 'oldObject', 'request', 'namespaceObject', 'params', 'variables', 'authorizer'),
  catalogue: untyped('object', 'item', 'container', 'params', 'version', 'key'),
} as const;

/** Compiles a CEL expression of a rule or of the catalogue. */
export function compileExpression(
  source: string,
  kind: keyof typeof variables,
  kubernetesVersion?: string,
): { readonly ok: true; readonly evaluate: Expression } | { readonly ok: false; readonly error: ExpressionError } {
  const compiled = compile(source, { variables: variables[kind], ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }) });
  if (!compiled.ok) return { ok: false, error: compiled.errors[0] ?? { message: 'does not compile', line: 1, column: 1 } };
  const { program } = compiled;
  return {
    ok: true,
    evaluate: (bindings) => {
      const result = program.evaluate(bindings);
      return result.ok ? result : { ok: false, message: result.error.message };
    },
  };
}
