import { CelFault } from '../values/cel-fault.ts';

/** The slots of a running program: its variables first, then what its folds bind. */
export type Frame = unknown[];

/**
 * A compiled expression. `cost` is what it always costs, in the API server's units; what depends on values and branches
 * it adds to the meter as it runs. A constant has its value in `constant`.
 */
export interface Code {
  readonly run: (frame: Frame) => unknown;
  readonly cost: number;
  readonly constant?: { readonly value: unknown };
  /** Of a variable and of the fields selected from it: the variable's slot, and the names of the fields, so that a way is walked at one go. */
  readonly way?: { readonly slot: number; readonly fields: readonly string[] };
}

/** The most one expression may cost; the API server's own limit. */
export const EXPRESSION_BUDGET = 1_000_000;

/** What the evaluation that is going on has spent. One for the module: evaluation never yields. */
export const meter = { spent: 0, limit: EXPRESSION_BUDGET };

/** Adds to what was spent. Throws the one fault that nothing absorbs when that is too much. */
export function spend(units: number): void {
  meter.spent += units;
  if (meter.spent > meter.limit) throw overspent();
}

/** The failure of an evaluation that costs too much. */
export function overspent(): CelFault {
  const mend = 'bound what it loops over, or look at size() first';
  return new CelFault(
    'budget_exceeded',
    `operation cancelled: actual cost limit exceeded (one expression may cost ${String(meter.limit)} units: ${mend})`,
  );
}

/** Code for a value that is known beforehand. */
export function constant(value: unknown): Code {
  return { run: () => value, cost: 0, constant: { value } };
}
