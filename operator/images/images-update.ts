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
import type { SecurityPolicy } from '../api/security-policy.ts';
import { updatedImagesStatus } from '../policies/images-part.ts';

/** What there is to tell policies of images. */
export interface ImagesUpdate {
  readonly policies: readonly PolicyTargets[];
  readonly ledger: ImageLedger;
  readonly access: ImageAccess;
  readonly published: Pick<ImagesPublished, 'totals' | 'refused'>;
  /** When what runs was listed, in milliseconds since the epoch. */
  readonly listedAt: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What {@link updateImagesStatuses} uses. */
export interface ImagesUpdateDependencies extends PolicyStatusDependencies {
  readonly images: ImageSettings;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
}

/** Tells each policy that asks about images what the reports about them hold and which were not looked into, where that is news. */
export async function updateImagesStatuses(
  deps: ImagesUpdateDependencies,
  { policies, ledger, access, published, listedAt, now }: ImagesUpdate,
): Promise<void> {
  const entry = (image: string, namespace: string): ImageEntry | undefined => entryInNamespace(ledger, access, image, namespace);
  const known = { entry, database: configuredDatabase(deps.images) !== undefined };
  for (const asked of policies) {
    const { name, uid = '' } = asked.policy.metadata;
    const refused = published.refused.filter((report) => report.policies.includes(name)).map(({ message }) => message);
    const images = imagesStatus({ asked, known, totals: published.totals.get(name) ?? noTotals, refused, listedAt, now });
    // What the cache has not heard of is found out by asking.
    const cached = deps.policies.get(name);
    if (cached?.status?.images && updatedImagesStatus(cached, images) === cached.status.images) continue;
    await updateImages(deps, { name, uid }, images);
  }
}
