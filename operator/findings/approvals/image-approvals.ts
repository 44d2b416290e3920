import type { ApprovedImage, ImageApprovalSpec } from '../../api/kinds/image-approval.ts';
import { partsOf, repositoryOf } from './image-reference.ts';

/** An ImageApproval, in a cluster or in a file. */
export interface ApprovalObject {
  readonly metadata: { readonly name: string };
  readonly spec: ImageApprovalSpec;
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;
const registryPart = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$/;
const pathPart = /^[a-z0-9]+([._-]+[a-z0-9]+)*$/;
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
/** The longest text of a user that a problem repeats, in characters. */
const longest = 200;
const quoted = (text: string): string => `'${text.length > longest ? `${text.slice(0, longest).toWellFormed()}…` : text}'`;

function repositoryProblem(repository: string): string | undefined {
  if (repository.includes('://')) return `${quoted(repository)} has a scheme: remove it, such as registry.example.com/shop/web`;
  const { name, tag, digest } = partsOf(repository);
  if (digest !== undefined) return `${quoted(repository)} has a digest: write it in the field digest`;
  if (tag !== undefined) return `${quoted(repository)} has a tag: remove it, since the digest identifies the image`;
  const isName = name
    .split('/')
    .every((part, index, { length }) => pathPart.test(part) || (index === 0 && length > 1 && registryPart.test(part)));
  return isName ? undefined : `${quoted(repository)} is not a repository such as registry.example.com/shop/web`;
}

function imageProblems({ repository, digest }: ApprovedImage, at: string): readonly string[] {
  const problem = repositoryProblem(repository);
  return [
    ...(problem === undefined ? [] : [`${at}.repository: ${problem}`]),
    ...(digestPattern.test(digest) ? [] : [`${at}.digest: ${quoted(digest)} is not sha256: and 64 hexadecimal digits`]),
  ];
}

const endProblems = ({ expiresAt }: ImageApprovalSpec): readonly string[] =>
  expiresAt === undefined || (timePattern.test(expiresAt) && Number.isFinite(Date.parse(expiresAt)))
    ? []
    : [`spec.expiresAt: ${quoted(expiresAt)} is not a time in RFC 3339, such as 2027-02-28T00:00:00Z`];

/** What is wrong with an approval, and the entries that count. */
export interface InspectedApproval {
  /** Each with the path of the field. */
  readonly problems: readonly string[];
  /** The entries without a problem. Empty if the end of the approval cannot be read. */
  readonly images: readonly ApprovedImage[];
}

/** Inspects an approval. An entry with a problem approves nothing, and the others count. Pure. */
export function inspectApproval({ spec }: Pick<ApprovalObject, 'spec'>): InspectedApproval {
  const ends = endProblems(spec);
  const found = spec.images.map((image, index) => ({ image, problems: imageProblems(image, `spec.images[${index}]`) }));
  return {
    problems: [...ends, ...found.flatMap(({ problems }) => problems)],
    images: ends.length > 0 ? [] : found.filter(({ problems }) => problems.length === 0).map(({ image }) => image),
  };
}

/** Returns the end of an approval in milliseconds since the epoch; positive infinity without an end. */
export const endOfApproval = ({ expiresAt }: Pick<ImageApprovalSpec, 'expiresAt'>): number =>
  expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);

/** An approval of a digest: its end, and the name of the ImageApproval. */
interface Approval {
  readonly end: number;
  readonly name: string;
}

/** The digests that ImageApprovals approve, by repository. If several approve a digest, the one that ends last counts. Immutable. */
export class ApprovedImages {
  readonly #byRepository = new Map<string, Map<string, Approval>>();

  constructor(approvals: Iterable<ApprovalObject>) {
    for (const approval of approvals) {
      const end = endOfApproval(approval.spec);
      for (const { repository, digest } of inspectApproval(approval).images)
        this.#add(repositoryOf(repository), digest, { end, name: approval.metadata.name });
    }
  }

  #add(repository: string, digest: string, approval: Approval): void {
    const digests = this.#byRepository.getOrInsertComputed(repository, () => new Map<string, Approval>());
    const known = digests.get(digest);
    const isLater = known === undefined || approval.end > known.end || (approval.end === known.end && approval.name < known.name);
    if (isLater) digests.set(digest, approval);
  }

  /** Returns the approval of a digest, also one that has ended. Undefined if there is none. */
  approvalOf(repository: string, digest: string): Approval | undefined {
    return this.#byRepository.get(repository)?.get(digest);
  }

  /** Returns the approved digests by repository at a time in milliseconds since the epoch, both sorted. */
  inForce(now: number): ReadonlyMap<string, readonly string[]> {
    const rows = [...this.#byRepository].map(
      ([repository, digests]) =>
        [
          repository,
          [...digests]
            .filter(([, { end }]) => end > now)
            .map(([digest]) => digest)
            .toSorted(),
        ] as const,
    );
    return new Map(rows.filter(([, digests]) => digests.length > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Returns when the next approval ends, in milliseconds since the epoch. Positive infinity if none ends. */
  nextEnd(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const digests of this.#byRepository.values()) for (const { end } of digests.values()) if (end > now && end < next) next = end;
    return next;
  }
}

/** Returns why an image of a pod is not approved at a time (milliseconds since the epoch), and the fix. Undefined if it is approved. */
export function unapproved(
  image: string,
  approved: ApprovedImages,
  { now, running }: { readonly now: number; readonly running?: string | undefined },
): string | undefined {
  const { name, digest } = partsOf(image);
  if (digest === undefined) {
    const pinned = running === undefined ? `${image}@sha256:DIGEST` : `${image}@${running}, which runs now`;
    return `the image ${quoted(image)} is not pinned to a digest: write ${pinned}`;
  }
  const approval = approved.approvalOf(repositoryOf(name), digest);
  if (approval === undefined) return `no ImageApproval has ${name}@${digest}`;
  return approval.end > now
    ? undefined
    : `ImageApproval ${approval.name} for ${name}@${digest} ended at ${new Date(approval.end).toISOString().replace('.000Z', 'Z')}`;
}
