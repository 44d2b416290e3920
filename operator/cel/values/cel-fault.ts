/** What kind of failure an evaluation met. */
export type FaultCode =
  | 'no_such_key'
  | 'no_such_overload'
  | 'no_such_variable'
  | 'index_out_of_bounds'
  | 'invalid_argument'
  | 'divide_by_zero'
  | 'overflow'
  | 'lossy_integer'
  | 'duplicate_key'
  | 'budget_exceeded'
  | 'variable_budget_exceeded'
  | 'recursion'
  | 'type_mismatch';

/**
 * A failure of evaluation. `||`, `&&`, `all` and `exists` may absorb it, except `budget_exceeded` and `recursion`. It carries no stack:
 * a missing field is an everyday event.
 */
export class CelFault extends Error {
  override readonly name = 'CelFault';
  readonly code: FaultCode;
  constructor(code: FaultCode, message: string) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
    this.code = code;
  }
}

/** Lets through what no operator may absorb: a spent budget, an exhausted stack, and errors that are not the expression's. */
export function absorb(error: unknown): CelFault {
  if (error instanceof CelFault && error.code !== 'budget_exceeded' && error.code !== 'recursion') return error;
  throw error;
}

/** The failure of a call whose arguments fit no overload. */
export function noSuchOverload(name: string): CelFault {
  return new CelFault('no_such_overload', `no such overload: ${name}`);
}
