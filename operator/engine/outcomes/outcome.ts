import type { Severity } from '../../catalogue/controls/severity.ts';

/** One thing that offends: its path, the container or item that it is about, and words of its own where it has some. */
export interface Violation {
  readonly path: string;
  readonly label?: string;
  readonly container?: string;
}

/** What could not be judged, and where. */
export interface Fault {
  readonly path: string;
  readonly problem: string;
}

/** What a check found in one target. Neither violations nor faults nor a reason to skip: it passes. */
export interface Outcome {
  readonly violations: readonly Violation[];
  readonly faults: readonly Fault[];
  readonly skip?: string;
  /** Instead of the check's own severity. */
  readonly severity?: Severity;
  readonly bound?: boolean;
}

/** The outcome of a check that found nothing. */
export const clean: Outcome = Object.freeze({ violations: Object.freeze([]), faults: Object.freeze([]) });

/** The outcome of a check that cannot be judged, for a reason that is no fault of the object. */
export function skipped(reason: string): Outcome {
  return { ...clean, skip: reason };
}
