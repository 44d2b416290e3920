/** What is wrong: with the policy itself, or with the CRDs that hold it and its reports. */
export type ProblemReason =
  'UnknownControl' | 'UnknownFramework' | 'InvalidParameter' | 'InvalidRule' | 'InvalidExpression' | 'CRDMissing' | 'CRDOutdated';

/** Why a policy cannot be used, with the exact path. One is enough to leave the whole policy out. */
export interface PolicyProblem {
  readonly policy: string;
  /** Such as `spec.rules[2].validations[0].expression`. */
  readonly path: string;
  readonly reason: ProblemReason;
  readonly message: string;
  /** Where in the expression; both count from 1. */
  readonly line?: number;
  readonly column?: number;
}

/** Takes in the problems of one policy. */
export type ReportProblem = (problem: Omit<PolicyProblem, 'policy'>) => void;
