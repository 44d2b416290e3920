/** The kind of a failure of an evaluation. */
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
 * A failure of an evaluation. `||`, `&&`, `all` and `exists` can absorb it, except `budget_exceeded` and `recursion`. It has no stack trace,
 * because failures such as a missing field are frequent.
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

/** Returns a fault that an operator can absorb. Throws all other errors: an exceeded budget, a stack overflow, and bugs. */
export function absorb(error: unknown): CelFault {
  if (error instanceof CelFault && error.code !== 'budget_exceeded' && error.code !== 'recursion') return error;
  throw error;
}

/** Creates the fault of a call without a matching overload. */
export function noSuchOverload(name: string): CelFault {
  return new CelFault('no_such_overload', `no such overload: ${name}`);
}
