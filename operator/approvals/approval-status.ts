import { setConditions, type ConditionUpdate } from '../api/condition.ts';
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

const day = 86_400_000;
const mostWorkloads = 20;
const warnings: readonly (readonly [before: number, reason: string, text: string])[] = [
  [day, 'EndsWithinADay', 'the approval ends within a day'],
  [7 * day, 'EndsWithin7Days', 'the approval ends within 7 days'],
];

/** The reasons of condition Active with which an approval is in force and ends soon. */
export const endsSoon: ReadonlySet<string> = new Set(warnings.map(([, reason]) => reason));

/** Returns the status of an ImageApproval. Pure. */
export function approvalStatus({ approval, running, now }: ApprovalStatusInput): ImageApprovalStatus {
  const { generation = 0 } = approval.metadata;
  const { problems, images } = inspectApproval(approval);
  const conditions = [...readiness(problems), active(approval, images.length, now)];
  return {
    observedGeneration: generation,
    conditions: setConditions(approval.status?.conditions, conditions, { now: timestampOf(now), generation }),
    ...runningPart(approval, running),
  };
}

/** Returns the milliseconds until the status changes by the passing of time. Undefined: it does not. */
export function nextStatusChange({ approval: { spec }, now }: Pick<ApprovalStatusInput, 'approval' | 'now'>): number | undefined {
  const end = endOfApproval(spec);
  const times = [end, ...warnings.map(([before]) => end - before)].filter((time) => Number.isFinite(time) && time > now);
  return times.length === 0 ? undefined : Math.min(...times) - now;
}

function readiness(problems: readonly string[]): ConditionUpdate[] {
  const isValid = problems.length === 0;
  const reason = isValid ? 'Accepted' : 'Invalid';
  const message = isValid ? 'the approval is valid' : problems.join('; ');
  return [
    { type: 'Ready', status: isValid ? 'True' : 'False', reason, message },
    { type: 'Reconciling', status: 'False', reason, message: '' },
    { type: 'Stalled', status: isValid ? 'False' : 'True', reason, message: isValid ? '' : message },
  ];
}

function active({ spec }: ImageApproval, images: number, now: number): ConditionUpdate {
  const off = (reason: string, message: string): ConditionUpdate => ({ type: 'Active', status: 'False', reason, message });
  if (images === 0) return off('Invalid', 'no entry is valid: the approval approves nothing');
  const end = endOfApproval(spec);
  if (end <= now) return off('Expired', `the approval ended at ${timestampOf(end)}: its images are not approved any more`);
  const [, reason, text] = warnings.find(([before]) => end - now <= before) ?? [0, 'InForce', 'the approval is in force'];
  const until = Number.isFinite(end) ? `, until ${timestampOf(end)}` : '';
  const left = spec.images.length - images;
  const problem = left > 0 ? `; ${left} of ${spec.images.length} images are not approved: see condition Ready` : '';
  return { type: 'Active', status: 'True', reason, message: `${text}${until}${problem}` };
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
