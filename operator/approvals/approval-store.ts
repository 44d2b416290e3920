import type { ImageApproval } from '../api/kinds/image-approval.ts';
import { ApprovedImages, endOfApproval } from '../findings/approvals/image-approvals.ts';

/** The cache that approvals are read from. */
export interface ApprovalSources {
  readonly approvals: { list(): readonly ImageApproval[]; get(name: string): ImageApproval | undefined };
  /** Whether the initial list is complete. */
  readonly isComplete: () => boolean;
}

/** The ImageApprovals of the cluster, compiled from the cache of their watch. */
export class ApprovalStore {
  readonly #sources: ApprovalSources;
  #compiled: ApprovedImages | undefined;

  constructor(sources: ApprovalSources) {
    this.#sources = sources;
  }

  /** Compiles the approvals again at the next use. Called after the cache changed. */
  invalidate(): void {
    this.#compiled = undefined;
  }

  /** Returns the names of all approvals. */
  names(): readonly string[] {
    return this.#sources.approvals.list().map(({ metadata }) => metadata.name);
  }

  get(name: string): ImageApproval | undefined {
    return this.#sources.approvals.get(name);
  }

  /** Returns the approved digests. An approval that is being deleted counts until it is gone. */
  approved(): ApprovedImages {
    return (this.#compiled ??= new ApprovedImages(this.#sources.approvals.list()));
  }

  /** Returns the approved digests that are in force for admission, and when that changes. Throws until all approvals are known. */
  inForce(now: number): { readonly images: ReadonlyMap<string, readonly string[]>; readonly until: number } {
    if (!this.#sources.isComplete())
      throw new Error('the ImageApprovals are not listed yet: the parameters of admission policies stay as they are');
    const approved = this.approved();
    return { images: approved.inForce(now), until: approved.nextEnd(now) };
  }

  /** Returns the uids of the approvals that have ended at a time in milliseconds since the epoch, sorted. */
  ended(now: number): readonly string[] {
    const all = this.#sources.approvals.list();
    return all.flatMap(({ metadata, spec }) => (endOfApproval(spec) <= now ? (metadata.uid ?? metadata.name) : [])).toSorted();
  }
}
