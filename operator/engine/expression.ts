import { Environment } from '@marcbachmann/cel-js';

/** Values by variable name. */
export type Bindings = Record<string, unknown>;

/** What an expression came to. */
export type ExpressionValue = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/** A compiled CEL expression. */
export type Expression = (bindings: Bindings) => ExpressionValue;

/** Why an expression cannot be used. */
export interface ExpressionError {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false, enableOptionalTypes: true });

function withIntegers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(withIntegers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withIntegers(item)]));
}

/** Compiles a CEL expression. Stands in for operator/cel until that is merged. */
export function compileExpression(
  source: string,
): { readonly ok: true; readonly evaluate: Expression } | { readonly ok: false; readonly error: ExpressionError } {
  try {
    const program = environment.parse(source);
    return {
      ok: true,
      evaluate: (bindings) => {
        try {
          return { ok: true, value: program(withIntegers(bindings) as Record<string, unknown>) };
        } catch (failure) {
          return { ok: false, message: firstLine(failure) };
        }
      },
    };
  } catch (failure) {
    return { ok: false, error: { message: firstLine(failure), line: 1, column: 1 } };
  }
}

function firstLine(failure: unknown): string {
  return (failure instanceof Error ? failure.message : String(failure)).split('\n', 1)[0] ?? '';
}
