/** The reason of a problem: with the policy itself, or with the CRDs of policies and reports. */
export type ProblemReason =
  | 'UnknownControl'
  | 'UnknownDetection'
  | 'UnknownFramework'
  | 'InvalidParameter'
  | 'InvalidRule'
  | 'InvalidExpression'
  | 'CRDMissing'
  | 'CRDOutdated';

/** A problem of a policy, with its exact path. One problem leaves the whole policy out. */
export interface PolicyProblem {
  readonly policy: string;
  /** Such as `spec.rules[2].validations[0].expression`. */
  readonly path: string;
  readonly reason: ProblemReason;
  readonly message: string;
  /** The position in the expression. Line and column count from 1. */
  readonly line?: number;
  readonly column?: number;
}

/** Receives the problems of one policy. */
export type ReportProblem = (problem: Omit<PolicyProblem, 'policy'>) => void;

/** Returns a text such as `spec.rules[0].validations[0].expression: 4:12: …`. */
export function problemText({ path, message, line, column }: Omit<PolicyProblem, 'policy' | 'reason'>): string {
  return line === undefined || column === undefined ? `${path}: ${message}` : `${path}: ${line}:${column}: ${message}`;
}
