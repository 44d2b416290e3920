import { noTotals } from '../findings/policy-totals.ts';
import { configuredDatabase } from './matching/image-database.ts';
import { entryInNamespace, type ImageAccess } from './jobs/image-access.ts';
import type { ImageEntry, ImageLedger } from './ledger/image-ledger.ts';
import { imagesStatus } from './images-status.ts';
import type { ImagesPublished } from './results/image-publish.ts';
import type { PolicyTargets } from './targets/image-scope.ts';
import { updateImages, type PolicyStatusDependencies } from '../policies/policy-parts.ts';
import type { ImageSettings } from './image-settings.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { updatedImagesStatus } from '../policies/images-part.ts';

/** The inputs of {@link updateImagesStatuses}. */
export interface ImagesUpdate {
  readonly policies: readonly PolicyTargets[];
  readonly ledger: ImageLedger;
  readonly access: ImageAccess;
  readonly published: Pick<ImagesPublished, 'totals' | 'refused'>;
  /** The time of the pod listing, in milliseconds since the epoch. */
  readonly listedAt: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The dependencies of {@link updateImagesStatuses}. */
export interface ImagesUpdateDependencies extends PolicyStatusDependencies {
  readonly images: ImageSettings;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
}

/**
 * Updates `status.images` of each policy with `spec.images`: its totals, its coverage, and the images that are not scanned. Skips a policy
 * whose status is up to date.
 */
export async function updateImagesStatuses(
  deps: ImagesUpdateDependencies,
  { policies, ledger, access, published, listedAt, now }: ImagesUpdate,
): Promise<void> {
  const entry = (image: string, namespace: string): ImageEntry | undefined => entryInNamespace(ledger, access, image, namespace);
  const known = { entry, database: configuredDatabase(deps.images) !== undefined };
  for (const policyTargets of policies) {
    const { name, uid = '' } = policyTargets.policy.metadata;
    const refused = published.refused.filter((report) => report.policies.includes(name)).map(({ message }) => message);
    const images = imagesStatus({ policyTargets, known, totals: published.totals.get(name) ?? noTotals, refused, listedAt, now });
    // If the cache does not have the policy or its status, updateImages reads the policy.
    const cached = deps.policies.get(name);
    if (cached?.status?.images && updatedImagesStatus(cached, images) === cached.status.images) continue;
    await updateImages(deps, { name, uid }, images);
  }
}
