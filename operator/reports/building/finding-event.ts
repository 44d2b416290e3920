import type { ReportResult } from '../../api/kinds/policy-report.ts';
import { bySeverity } from './report-result.ts';

/** Returns the Event about new failures of an object. It names the most severe failure and counts the others. */
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
