import type { AdmissionWaiver } from '../api/kinds/admission-parameters.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';

/** The exceptions of a policy that are in force at one time. */
export interface WaiversInForce {
  readonly waivers: readonly AdmissionWaiver[];
  /** When this changes by itself, because an exception ends or begins, in milliseconds since the epoch. Undefined: never. */
  readonly until?: number | undefined;
}

/** Returns the exceptions of a policy that are in force. `now`: milliseconds since the epoch. Pure. */
export type ReadWaiversInForce = (policy: SecurityPolicy, now: number) => WaiversInForce;

/** The most exceptions in the parameters of one policy. */
export const mostWaivers = 2000;
