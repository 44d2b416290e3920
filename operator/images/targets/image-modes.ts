import type { SecurityPolicySpec } from '../../api/kinds/security-policy.ts';
import { keyOf } from './image-key.ts';
import type { ImagePlaces, ImageTarget } from './image-targets.ts';

/** The `spec.images` of a policy, with the workloads in its scope. */
export interface RequestedImages {
  readonly images: SecurityPolicySpec['images'];
  readonly targets: readonly ImageTarget[];
}

/**
 * Returns the images with `pull` set on those that no policy requires to be mounted, since one inventory serves all policies. A pulled
 * image has no nodes: its Job may run anywhere.
 */
export function withPullModes(images: ImagePlaces, asked: readonly RequestedImages[]): ImagePlaces {
  const mounting = asked.filter((each) => each.images?.mode !== 'Pull').flatMap(({ targets }) => targets);
  const mounted = new Set(mounting.flatMap(({ containers }) => containers.flatMap(({ image }) => (image ? [keyOf(image)] : []))));
  return new Map([...images].map(([key, place]) => [key, mounted.has(key) ? place : { ...place, nodes: [], pull: true }]));
}
