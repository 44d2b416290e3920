import { NO_DATABASE } from './matching/image-database.ts';
import type { ImagesStatus } from '../api/kinds/policy-status.ts';
import type { SecurityPolicySpec } from '../api/kinds/security-policy.ts';
import { keyOf } from './targets/image-key.ts';
import type { ImageEntry } from './ledger/image-ledger.ts';
import type { RunningImage } from './targets/image-reference.ts';
import type { ImageTarget } from './targets/image-targets.ts';

/** The number of images in a policy's scope that were scanned, and the reasons for the others. */
export interface ImageCoverage {
  readonly coverage: ImagesStatus['coverage'];
  /** One line for each image that is not scanned: failed images first, then waiting images. */
  readonly uncovered: readonly string[];
}

/** The scan state of images. */
export interface KnownImages {
  /** The entry of an image key for a workload's namespace. The entries of an image that needs a pull secret differ by namespace. */
  readonly entry: (image: string, namespace: string) => ImageEntry | undefined;
  /** Whether a vulnerability database is configured. */
  readonly database: boolean;
}

type Gap = readonly [state: 'failed' | 'waiting', why: string];

/**
 * Counts the images of a policy's targets. A running image counts once for each digest and platform; an image that no pod has run counts
 * once for each reference. An image whose latest scan failed counts as failed, even if it has findings. Pure.
 */
export function imageCoverage(
  images: NonNullable<SecurityPolicySpec['images']>,
  targets: readonly ImageTarget[],
  known: KnownImages,
): ImageCoverage {
  const { running, idle } = imagesOf(targets);
  const digests = Map.groupBy(running.values(), ({ digest }) => digest);
  const gaps = [...running].flatMap(([key, { reference, digest, platform, namespaces }]) => {
    const found = [...namespaces].toSorted().flatMap((namespace) => {
      const gap = gapOf(images, known.entry(key, namespace), known.database);
      return gap ? [gap] : [];
    });
    // The platform is named only if the image runs on several.
    const where = digests.get(digest)?.length === 1 ? '' : ` on ${platform ?? 'an unknown platform'}`;
    const gap = found.find(([state]) => state === 'failed') ?? found[0];
    return gap ? [{ state: gap[0], text: `image ${reference}${where}: ${gap[1]}` }] : [];
  });
  const lines = (state: Gap[0]): string[] => gaps.flatMap((gap) => (gap.state === state ? [gap.text] : [])).toSorted();
  const [failed, waiting] = [lines('failed'), lines('waiting')];
  return {
    coverage: {
      inScope: running.size + idle,
      scanned: running.size - gaps.length,
      failed: failed.length,
      skipped: idle,
      waiting: waiting.length,
    },
    uncovered: [...failed, ...waiting],
  };
}

/** A running image on one platform, with its first reference in sort order, and the namespaces that run it. */
interface Running extends RunningImage {
  readonly namespaces: ReadonlySet<string>;
}

/** Returns the running images by key, and the number of references that no pod has run. */
function imagesOf(targets: readonly ImageTarget[]): { readonly running: ReadonlyMap<string, Running>; readonly idle: number } {
  const containers = targets.flatMap((target) => target.containers);
  const running = new Map<string, Running>();
  for (const { containers: own, workload } of targets) {
    for (const { image } of own) {
      if (!image) continue;
      const { reference = image.reference, namespaces = [] } = running.get(keyOf(image)) ?? {};
      const first = image.reference < reference ? image.reference : reference;
      running.set(keyOf(image), { ...image, reference: first, namespaces: new Set([...namespaces, workload.namespace ?? '']) });
    }
  }
  const run = new Set(containers.flatMap(({ image, reference }) => (image ? [reference] : [])));
  const idle = new Set(containers.flatMap(({ image, reference }) => (image || run.has(reference) ? [] : [reference])));
  return { running, idle: idle.size };
}

/** Returns why a running image is not scanned as the policy requires; undefined if it is. */
function gapOf(
  { vulnerabilities }: NonNullable<SecurityPolicySpec['images']>,
  { failure, findings }: Partial<ImageEntry> = {},
  database: boolean,
): Gap | undefined {
  if (failure) return ['failed', failure.reason];
  if (!findings) return ['waiting', 'waiting to be scanned'];
  if (!vulnerabilities || findings.database !== '') return undefined;
  return database ? ['waiting', 'waiting to be matched against the vulnerability database'] : ['failed', NO_DATABASE];
}
