import type { AuditProblemReason } from '../audit-event.ts';

/**
 * Why something that was received is no event for detections. `duplicate` and `other` are no loss: they came twice, or are logs of other components. `queue`: more came than
 * could be read; `future` and `old` are times that an API server cannot mean.
 */
export type AuditDropReason = AuditProblemReason | 'duplicate' | 'other' | 'queue' | 'future' | 'old';

/** The drops that mean that events were not seen. */
export const LOSSES: ReadonlySet<AuditDropReason> = new Set(['malformed', 'version', 'too-large', 'queue', 'future', 'old']);

/** Told about what is received and dropped. Called with counts above zero. */
export interface AuditObserver {
  readonly received: (events: number) => void;
  readonly dropped: (reason: AuditDropReason, count: number) => void;
  /** What went wrong first, for the log: bounded, and without content of a body. */
  readonly problem: (reason: AuditDropReason, message: string) => void;
}
