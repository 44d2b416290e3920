import { CelFault } from './values/cel-fault.ts';
import { EXPRESSION_BUDGET, meter } from './compiler/code.ts';
import type { Code, Frame } from './compiler/code.ts';
import { runMetered } from './compile.ts';
import { CelMap } from './values/value.ts';

/** What the variables have cost that the expression in hand was the first to read. Set to 0 before each expression. */
export const variableMeter = { spent: 0 };

/** The value of a variable's expression, or its fault; what it cost goes to a meter of its own. */
function compute(name: string, code: Code, frame: Frame): unknown {
  const { spent, limit } = meter;
  const value = runMetered(code, frame, EXPRESSION_BUDGET);
  variableMeter.spent += meter.spent;
  meter.spent = spent;
  meter.limit = limit;
  if (!(value instanceof CelFault) || value.code !== 'budget_exceeded') return value;
  return new CelFault('variable_budget_exceeded', `composited variable "${name}" fails to evaluate: ${value.message}`);
}

/**
 * Reads a policy variable: evaluated at its first reading, an error kept as well as a value. As in the API server
 * (k8s.io/apiserver/pkg/admission/plugin/cel/composition.go), it may cost as much as any expression, what it costs counts
 * against the policy's budget only, and an overspent variable is an error like others: `||` and the like may absorb it.
 */
export function policyVariable(name: string, code: Code, slot: number): Code {
  return {
    cost: 2,
    run: (frame) => {
      let value = frame[slot];
      if (value === undefined) {
        value = compute(name, code, frame);
        frame[slot] = value;
      }
      if (value instanceof CelFault) throw value;
      return value;
    },
  };
}

/** Reads `variables` as a whole, each variable by its code. */
export function allVariables(variables: ReadonlyMap<string, Code>): Code {
  return {
    cost: 1,
    run: (frame) => new CelMap(new Map([...variables].map(([name, code]) => [name, [name, code.run(frame)] as const]))),
  };
}
