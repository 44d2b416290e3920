import type { ReportResult } from '../../api/policy-report.ts';
import type { PolicyLedger } from './policy-ledger.ts';

const rule = 'truncated';
const category = 'Report';

/** Whether a result is the notice of what is left out. */
export const isNotice = (result: ReportResult): boolean => result.rule === rule && result.category === category;

/** The one result that says that some are left out, of all policies, and how many; none where nothing is. */
export function notice(source: string | undefined, ledger: PolicyLedger): ReportResult[] {
  const short = Object.entries(ledger).filter(([, { omitted: left = 0 }]) => left > 0);
  const left = short.reduce((sum, [, entry]) => sum + (entry.omitted ?? 0), 0);
  const [policy] = short.map(([name]) => name).toSorted();
  if (policy === undefined) return [];
  return [
    {
      ...(source === undefined ? {} : { source }),
      policy,
      rule,
      category,
      severity: 'info',
      result: 'skip',
      scored: false,
      message: 'the least severe results are left out: the report would be larger than the server accepts; the summary counts them',
      properties: { truncated: String(left) },
    },
  ];
}
