import { NO_DATABASE } from './matching/image-database.ts';
import type { ImagesStatus, SecurityPolicySpec } from '../api/security-policy.ts';
import { keyOf } from './targets/image-key.ts';
import type { ImageEntry } from './ledger/image-ledger.ts';
import type { RunningImage } from './targets/image-reference.ts';
import type { ImageTarget } from './targets/image-targets.ts';

/** How many of the images in a policy's scope were looked into, and which were not and why. */
export interface ImageCoverage {
  readonly coverage: ImagesStatus['coverage'];
  /** A line an image: those that failed before those that wait. */
  readonly uncovered: readonly string[];
}

/** What is known of images. */
export interface KnownImages {
  /** By what an image is kept under, in the namespace of a workload: what needs a pull secret may be known in one and not in another. */
  readonly entry: (image: string, namespace: string) => ImageEntry | undefined;
  /** Whether there is a database to match with. */
  readonly database: boolean;
}

type Gap = readonly [state: 'failed' | 'waiting', why: string];

/**
 * Counts the images of a policy's targets, each once: one that runs by its digest and platform, one that no pod has run by its reference. What was
 * found before counts as not looked into while a newer attempt has failed. Pure.
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
    // Where it runs on one platform alone, that goes without saying.
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

/** An image that runs on a platform: by the first of the references that it is known by, and where it runs. */
interface Running extends RunningImage {
  readonly namespaces: ReadonlySet<string>;
}

/** The images that run, by what they are kept under; and how many references no pod has run. */
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

/** Why an image that runs was not looked into as the policy asks; undefined when it was. */
function gapOf(
  { vulnerabilities }: NonNullable<SecurityPolicySpec['images']>,
  { failure, findings }: Partial<ImageEntry> = {},
  database: boolean,
): Gap | undefined {
  if (failure) return ['failed', failure.reason];
  if (!findings) return ['waiting', 'waits to be looked into'];
  if (!vulnerabilities || findings.database !== '') return undefined;
  return database ? ['waiting', 'waits to be matched with the vulnerability database'] : ['failed', NO_DATABASE];
}
