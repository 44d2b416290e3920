import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { PolicyGauges } from '../telemetry/metrics.ts';

/** Returns the metrics gauges from the statuses of policies. A policy that was never scanned has none. */
export function policyGauges(policies: readonly SecurityPolicy[]): PolicyGauges {
  return {
    failing: bySeverity(policies, 'failing'),
    excepted: bySeverity(policies, 'excepted'),
    enforcement: policies.flatMap(enforcementOf),
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

/** The counts of `status.enforcement`. Empty for a policy without enforcement. */
function enforcementOf({ metadata: { name: policy }, status }: SecurityPolicy): PolicyGauges['enforcement'] {
  const { enforcement } = status ?? {};
  if (enforcement === undefined) return [];
  const { policies, inForce, enforcedChecks, notEnforced = [], approvedDigests, parametersBytes } = enforcement;
  const kinds: readonly (readonly [kind: string, count: number | undefined])[] = [
    ['policies', policies],
    ['in-force', inForce],
    ['checks', enforcedChecks],
    ['not-enforced', notEnforced.length],
    ['approved-digests', approvedDigests],
    ['parameters-bytes', parametersBytes],
  ];
  return kinds.flatMap(([kind, count]) => (count === undefined ? [] : [{ policy, kind, count }]));
}
