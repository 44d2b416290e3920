import type { ImageApproval } from '../api/kinds/image-approval.ts';
import { endOfApproval, inspectApproval } from '../findings/approvals/image-approvals.ts';
import type { ApprovalGauges } from '../telemetry/metrics.ts';

/** Returns the metrics gauges of ImageApprovals. `now`: milliseconds since the epoch. */
export function approvalGauges(approvals: readonly ImageApproval[], now: number): ApprovalGauges {
  const counts = { inForce: 0, expired: 0, invalid: 0 };
  let next = Number.POSITIVE_INFINITY;
  for (const approval of approvals) {
    const end = endOfApproval(approval.spec);
    if (inspectApproval(approval).images.length === 0) counts.invalid++;
    else if (end <= now) counts.expired++;
    else {
      counts.inForce++;
      next = Math.min(next, end);
    }
  }
  const states = [
    { state: 'in-force', count: counts.inForce },
    { state: 'expired', count: counts.expired },
    { state: 'invalid', count: counts.invalid },
  ];
  return { states, nextEndSeconds: Math.round((next - now) / 1000) };
}
