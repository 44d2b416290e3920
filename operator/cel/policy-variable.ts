import { CelFault } from './values/cel-fault.ts';
import { EXPRESSION_BUDGET, meter } from './compiler/code.ts';
import type { Code, Frame } from './compiler/code.ts';
import { runMetered } from './compile.ts';
import { CelMap } from './values/value.ts';

/** The cost of the variables that the current expression read first. Set to 0 before each expression. */
export const variableMeter = { spent: 0 };

/** Evaluates the expression of a variable. Returns its value or its fault. Adds its cost to {@link variableMeter}. */
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
 * Creates code that reads a policy variable. The first read evaluates the variable and stores its value or its fault. As in the API server
 * (k8s.io/apiserver/pkg/admission/plugin/cel/composition.go), a variable has the budget of one expression, its cost counts only against the
 * budget of the policy, and operators such as `||` can absorb the fault of a variable that exceeds its budget.
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

/** Creates code that reads `variables` as a whole. */
export function allVariables(variables: ReadonlyMap<string, Code>): Code {
  return {
    cost: 1,
    run: (frame) => new CelMap(new Map([...variables].map(([name, code]) => [name, [name, code.run(frame)] as const]))),
  };
}
