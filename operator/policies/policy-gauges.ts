import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { PolicyGauges } from '../telemetry/metrics.ts';

/** Returns the metrics gauges from the statuses of policies. A policy that was never scanned has none. */
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
