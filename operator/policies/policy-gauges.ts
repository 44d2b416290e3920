import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { PolicyGauges } from '../telemetry/metrics.ts';

/** Returns the metrics gauges from the statuses of policies. A policy that was never scanned has none. */
export function policyGauges(policies: readonly SecurityPolicy[]): PolicyGauges {
  return {
    failing: bySeverity(policies, 'failing'),
    excepted: bySeverity(policies, 'excepted'),
    scanned: policies.flatMap(({ metadata: { name: policy }, status }) => {
      const time = Date.parse(status?.lastScanTime ?? '');
      return Number.isNaN(time) ? [] : [{ policy, time: Math.floor(time / 1000) }];
    }),
  };
}

const bySeverity = (policies: readonly SecurityPolicy[], field: 'failing' | 'excepted'): PolicyGauges['failing'] =>
  policies.flatMap(({ metadata: { name: policy }, status }) =>
    Object.entries(status?.[field] ?? {}).map(([severity, count]) => ({ policy, severity, count })),
  );
