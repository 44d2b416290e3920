import { z } from 'zod';
import { conditions } from '../condition.ts';
import { count, field, listMap, timestamp } from '../field.ts';
import type { Resource } from '../metadata.ts';

/**
 * A mistake in an entry, such as a tag in `repository`, is reported in the status and not refused: the other entries count.
 */
const approvedImage = z.strictObject({
  repository: field(
    z.string().min(1).max(512),
    'The repository with its registry, without tag and digest, such as registry.example.com/shop/web. Without a registry it is a repository of docker.io.',
  ),
  digest: field(z.string().min(1).max(256), 'The digest of the image, as sha256: and 64 hexadecimal digits.'),
});
export type ApprovedImage = z.infer<typeof approvedImage>;

/** The spec of an ImageApproval: digests of images that were reviewed. */
export const imageApprovalSpec = z.strictObject({
  images: field(z.array(approvedImage).min(1).max(1000), 'The reviewed images.'),
  reviewedBy: field(z.string().min(1).max(253).optional(), 'Who vouches for the review.'),
  reference: field(z.string().min(1).max(2048), 'Where the review can be read, such as the URL of a pull request.'),
  expiresAt: field(timestamp.optional(), 'The end of the approval. Omitted: it does not end.'),
});
export type ImageApprovalSpec = z.infer<typeof imageApprovalSpec>;

/** The status of an ImageApproval. */
export const imageApprovalStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The metadata.generation that the conditions describe.'),
  conditions,
  running: field(count.optional(), 'The number of workloads with a pod that runs one of the images now.'),
  workloads: field(
    listMap(
      z.strictObject({
        name: field(z.string(), 'The workload, as namespace/kind/name.'),
        since: field(timestamp, 'The time since when a pod of the workload is known to run one of the images.'),
      }),
      ['name'],
      20,
    ).optional(),
    'The workloads whose pods run one of the images, at most 20.',
  ),
});
export type ImageApprovalStatus = z.infer<typeof imageApprovalStatus>;

export type ImageApproval = Resource<ImageApprovalSpec, ImageApprovalStatus>;
