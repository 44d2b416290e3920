import type { SecurityPolicySpec } from '../../api/security-policy.ts';
import { keyOf } from './image-key.ts';
import type { ImagePlaces, ImageTarget } from './image-targets.ts';

/** What a policy asks about images, and those of which workloads. */
export interface RequestedImages {
  readonly images: SecurityPolicySpec['images'];
  readonly targets: readonly ImageTarget[];
}

/** The images, of which those are pulled that no policy asks to have mounted: one inventory serves all. Where they come from then matters no more than which node has them. */
export function withPullModes(images: ImagePlaces, asked: readonly RequestedImages[]): ImagePlaces {
  const mounting = asked.filter((each) => each.images?.mode !== 'Pull').flatMap(({ targets }) => targets);
  const mounted = new Set(mounting.flatMap(({ containers }) => containers.flatMap(({ image }) => (image ? [keyOf(image)] : []))));
  return new Map([...images].map(([key, place]) => [key, mounted.has(key) ? place : { ...place, nodes: [], pull: true }]));
}
