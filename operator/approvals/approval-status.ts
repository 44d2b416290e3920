import { setConditions, type ConditionUpdate } from '../api/condition.ts';
import { endingOf, nextEnding, validity } from '../api/ending-status.ts';
import type { ImageApproval, ImageApprovalStatus } from '../api/kinds/image-approval.ts';
import { timestampOf } from '../api/timestamp.ts';
import { endOfApproval, inspectApproval } from '../findings/approvals/image-approvals.ts';

/** The workloads whose pods run an approved image, as namespace/kind/name, and since when in milliseconds since the epoch. */
export type RunningWorkloads = ReadonlyMap<string, number>;

/** The inputs of {@link approvalStatus}. */
export interface ApprovalStatusInput {
  readonly approval: ImageApproval;
  /** Undefined until the pods were read: what the status has stays. */
  readonly running: RunningWorkloads | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const mostWorkloads = 20;

/** Returns the status of an ImageApproval. Pure. */
export function approvalStatus({ approval, running, now }: ApprovalStatusInput): ImageApprovalStatus {
  const { generation = 0 } = approval.metadata;
  const { problems, images } = inspectApproval(approval);
  const conditions = [...validity('approval', problems), active(approval, images.length, now)];
  return {
    observedGeneration: generation,
    conditions: setConditions(approval.status?.conditions, conditions, { now: timestampOf(now), generation }),
    ...runningPart(approval, running),
  };
}

/** Returns the milliseconds until the status changes by the passing of time. Undefined: it does not. */
export function nextStatusChange({ approval: { spec }, now }: Pick<ApprovalStatusInput, 'approval' | 'now'>): number | undefined {
  return nextEnding(endOfApproval(spec), now);
}

function active({ spec }: ImageApproval, images: number, now: number): ConditionUpdate {
  const off = (reason: string, message: string): ConditionUpdate => ({ type: 'Active', status: 'False', reason, message });
  if (images === 0) return off('Invalid', 'no entry is valid: the approval approves nothing');
  const end = endOfApproval(spec);
  if (end <= now) return off('Expired', `the approval ended at ${timestampOf(end)}: its images are not approved any more`);
  const { reason, text = 'is in force' } = endingOf(end, now);
  const until = Number.isFinite(end) ? `, until ${timestampOf(end)}` : '';
  const left = spec.images.length - images;
  const problem = left > 0 ? `; ${left} of ${spec.images.length} images are not approved: see condition Ready` : '';
  return { type: 'Active', status: 'True', reason, message: `the approval ${text}${until}${problem}` };
}

function runningPart({ status }: ImageApproval, running: RunningWorkloads | undefined): Pick<ImageApprovalStatus, 'running' | 'workloads'> {
  if (!running) {
    const { running: count, workloads } = status ?? {};
    return { ...(count === undefined ? {} : { running: count }), ...(workloads ? { workloads } : {}) };
  }
  const before = new Map(status?.workloads?.map(({ name, since }) => [name, since]));
  const rows = [...running]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, mostWorkloads)
    // Pods are replaced while the workload runs the image: the earlier time stays.
    .map(([name, since]) => ({ name, since: before.get(name) ?? timestampOf(since) }));
  return { running: running.size, workloads: rows };
}
