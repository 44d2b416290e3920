import { CelFault } from '../values/cel-fault.ts';

/** The slots of a running program: its variables first, then the variables of its folds. */
export type Frame = unknown[];

/**
 * A compiled expression. `cost` is its fixed cost in cost units of the API server. Costs that depend on values and branches are added to the
 * meter at run time. `constant` is the value of a constant.
 */
export interface Code {
  readonly run: (frame: Frame) => unknown;
  readonly cost: number;
  readonly constant?: { readonly value: unknown };
  /** For a variable and for fields selected from it: the slot of the variable and the names of the fields. A path is then read in one step. */
  readonly fieldPath?: { readonly slot: number; readonly fields: readonly string[] };
}

/** The cost budget of one expression. It is the limit of the API server. */
export const EXPRESSION_BUDGET = 1_000_000;

/** The cost of the current evaluation. The module has only one meter, because evaluation is synchronous. */
export const meter = { spent: 0, limit: EXPRESSION_BUDGET };

/** Adds cost units. Throws a fault that no operator absorbs if the limit is exceeded. */
export function spend(units: number): void {
  meter.spent += units;
  if (meter.spent > meter.limit) throw overspent();
}

/** Creates the fault of an evaluation that exceeds its cost limit. */
export function overspent(): CelFault {
  const fix = 'limit the lists that it iterates over, or check size() first';
  return new CelFault(
    'budget_exceeded',
    `operation cancelled: actual cost limit exceeded (the cost limit of one expression is ${String(meter.limit)} units: ${fix})`,
  );
}

/** Creates code for a constant value. */
export function constant(value: unknown): Code {
  return { run: () => value, cost: 0, constant: { value } };
}
