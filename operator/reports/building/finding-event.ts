import type { ReportResult } from '../../api/policy-report.ts';
import { bySeverity } from './report-result.ts';

/** What an Event about an object says of failures that were not there before: the worst by name, the others by number. */
export function findingEvent(failures: readonly ReportResult[]): {
  readonly type: 'Warning';
  readonly reason: string;
  readonly message: string;
} {
  const [worst, ...others] = failures.toSorted(bySeverity);
  const first =
    worst === undefined
      ? ''
      : `${worst.rule ?? ''} (${worst.severity ?? 'unknown'}): ${worst.message ?? ''}, by SecurityPolicy ${worst.policy}`;
  const more = others.length === 0 ? '' : `; and ${others.length} more, see the PolicyReport`;
  return { type: 'Warning', reason: 'NewFindings', message: `${first}${more}` };
}
