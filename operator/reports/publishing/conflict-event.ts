import type { ReportConflict } from './report-publisher.ts';

const reasons = { NameTaken: 'ReportNameTaken', ForeignResults: 'ForeignResultsRemoved' } as const;

/** Returns the Event about an object if another writer changed its report, or has a report of the same name. */
export function conflictEvent({ reason, message }: Pick<ReportConflict, 'reason' | 'message'>): {
  readonly type: 'Warning';
  readonly reason: string;
  readonly message: string;
} {
  return { type: 'Warning', reason: reasons[reason], message };
}
