import type { ReportResult } from '../../api/kinds/policy-report.ts';
import type { PolicyLedger } from './policy-ledger.ts';

const rule = 'truncated';
const category = 'Report';

/** Whether a result is the notice about omitted results. */
export const isNotice = (result: ReportResult): boolean => result.rule === rule && result.category === category;

/** Returns one result that states how many results of all policies were omitted. Returns an empty list if none were. */
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
      message:
        'the least severe results are not listed, because the report would exceed the size limit of the API server; the summary counts them',
      properties: { truncated: String(left) },
    },
  ];
}
