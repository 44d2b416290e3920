import type { SecurityPolicy } from '../api/security-policy.ts';
import type { PolicyGauges } from '../telemetry/metrics.ts';

/** What the statuses of policies say, as the gauges of a scrape: nothing of a policy that was never scanned. */
export function policyGauges(policies: readonly SecurityPolicy[]): PolicyGauges {
  return {
    failing: policies.flatMap(({ metadata: { name: policy }, status }) =>
      Object.entries(status?.failing ?? {}).map(([severity, count]) => ({ policy, severity, count })),
    ),
    scanned: policies.flatMap(({ metadata: { name: policy }, status }) => {
      const time = Date.parse(status?.lastScanTime ?? '');
      return Number.isNaN(time) ? [] : [{ policy, time: Math.floor(time / 1000) }];
    }),
  };
}
