import type { Severity } from '../../catalogue/controls/severity.ts';

/** One violation: its path, the container it is in, and a label for the message, such as the name of a volume. */
export interface Violation {
  readonly path: string;
  readonly label?: string;
  readonly container?: string;
}

/** A value that could not be evaluated, with its path. */
export interface Fault {
  readonly path: string;
  readonly problem: string;
}

/** The outcome of one check on one target. A target without violations, faults and a reason to skip passes. */
export interface Outcome {
  readonly violations: readonly Violation[];
  readonly faults: readonly Fault[];
  readonly skip?: string;
  /** Overrides the message of the check. Stable, and with the names of the containers. */
  readonly message?: string;
  /** Overrides the severity of the check. */
  readonly severity?: Severity;
  /** For roles: whether a binding with subjects refers to it. */
  readonly bound?: boolean;
}

/** The outcome of a check without violations and faults. */
export const clean: Outcome = Object.freeze({ violations: Object.freeze([]), faults: Object.freeze([]) });

/** The outcome of a check that is skipped for a reason that is not a fault of the object. */
export function skipped(reason: string): Outcome {
  return { ...clean, skip: reason };
}
