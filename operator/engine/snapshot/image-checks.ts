import type { ImageApprovalSpec } from '../../api/kinds/image-approval.ts';
import { ApprovedImages, unapproved } from '../../findings/approvals/image-approvals.ts';
import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import { clean } from '../outcomes/outcome.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';
import { approvalKind, type Projection, type Snapshot, workloadOf } from './snapshot.ts';
import type { ContainerImage } from './workload-body.ts';

/** The most containers in a message. */
const mostNamed = 5;

/** An ImageApproval of a file may have any shape. */
function approvalOf({ reference: { name }, body }: Projection): { metadata: { name: string }; spec: ImageApprovalSpec } {
  const { expiresAt } = body;
  const images = listOf(body['images']).map((image) => {
    const { repository, digest } = fieldsOf(image);
    return { repository: textOf(repository) ?? '', digest: textOf(digest) ?? '' };
  });
  // An end that is not a text is a problem of the approval, which then approves nothing.
  const end = expiresAt === undefined ? {} : { expiresAt: textOf(expiresAt) ?? JSON.stringify(expiresAt) };
  return { metadata: { name }, spec: { images, reference: '', ...end } };
}

/** The approvals of a snapshot, read once after all objects were added. */
const approvalsOf = new WeakMap<Snapshot, { readonly count: number; readonly approved: ApprovedImages }>();

function approvedIn(snapshot: Snapshot): ApprovedImages {
  const projections = snapshot.in('', approvalKind);
  const known = approvalsOf.get(snapshot);
  if (known?.count === projections.length) return known.approved;
  const approved = new ApprovedImages(projections.map(approvalOf));
  approvalsOf.set(snapshot, { count: projections.length, approved });
  return approved;
}

/** By list of Pods: the digests that run, by reference. */
const runningIn = new WeakMap<readonly Projection[], ReadonlyMap<string, ReadonlySet<string>>>();

/** Returns the digest of a reference that the Pods of the namespace run. Undefined if none does, or if they run several. */
function runningDigest({ image }: ContainerImage, snapshot: Snapshot, namespace: string): string | undefined {
  const pods = snapshot.in(namespace, 'Pod');
  const known = runningIn.get(pods) ?? digestsOf(pods);
  runningIn.set(pods, known);
  const digests = known.get(image);
  return digests?.size === 1 ? [...digests][0] : undefined;
}

function digestsOf(pods: readonly Projection[]): ReadonlyMap<string, ReadonlySet<string>> {
  const digests = new Map<string, Set<string>>();
  for (const { image, running } of pods.flatMap((pod) => workloadOf(pod).containers))
    if (running !== undefined) digests.getOrInsertComputed(image, () => new Set<string>()).add(running);
  return digests;
}

const imageApproved: CrossObjectCheck = (workload, { snapshot, now }) => {
  const { containers, prefix } = workloadOf(workload);
  const approved = approvedIn(snapshot);
  const { namespace = '' } = workload.reference;
  const found = containers.flatMap((container) => {
    if (unapproved(container.image, approved, { now }) === undefined) return [];
    const running = container.image.includes('@') ? undefined : (container.running ?? runningDigest(container, snapshot, namespace));
    return [{ container, problem: unapproved(container.image, approved, { now, running }) ?? '' }];
  });
  if (found.length === 0) return clean;
  const named = found.slice(0, mostNamed).map(({ container: { name }, problem }) => `container ${name}: ${problem}`);
  const rest = found.length > mostNamed ? [`and ${found.length - mostNamed} more`] : [];
  return {
    violations: found.map(({ container: { name, path } }) => ({ path: `${prefix}${path}`, label: name, container: name })),
    faults: [],
    message: [...named, ...rest].join('; '),
  };
};

/** The checks of images, by the names that controls use. */
export const imageChecks: Readonly<Record<string, CrossObjectCheck>> = { imageApproved };
