import type { AdmissionWaiver } from '../api/kinds/admission-parameters.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { Severity } from '../catalogue/controls/severity.ts';

/** The exceptions of a policy that are in force at one time. */
export interface WaiversInForce {
  readonly waivers: readonly AdmissionWaiver[];
  /** When this changes by itself, because an exception ends or begins, in milliseconds since the epoch. Undefined: never. */
  readonly until?: number | undefined;
}

/** The checks that a policy enforces, each with its severity in the policy. */
export type EnforcedChecks = ReadonlyMap<string, Severity>;

/** Returns the exceptions of a policy that are in force for enforced checks. `now`: milliseconds since the epoch. */
export type ReadWaiversInForce = (policy: SecurityPolicy, checks: EnforcedChecks, now: number) => WaiversInForce;

/** The approved digests that are in force at one time, by repository, both sorted. */
export interface ApprovalsInForce {
  readonly images: ReadonlyMap<string, readonly string[]>;
  /** When this changes by itself, because an approval ends, in milliseconds since the epoch. Positive infinity: never. */
  readonly until: number;
}

/** Returns the approved digests. Throws until all approvals are known. `now`: milliseconds since the epoch. */
export type ReadApprovalsInForce = (now: number) => ApprovalsInForce;
