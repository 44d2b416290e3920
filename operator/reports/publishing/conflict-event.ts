import type { ReportConflict } from './report-publisher.ts';

const reasons = { NameTaken: 'ReportNameTaken', ForeignResults: 'ForeignResultsRemoved' } as const;

/** What an Event about an object says when somebody else has written to its report, or has one of its name. */
export function conflictEvent({ reason, message }: Pick<ReportConflict, 'reason' | 'message'>): {
  readonly type: 'Warning';
  readonly reason: string;
  readonly message: string;
} {
  return { type: 'Warning', reason: reasons[reason], message };
}
