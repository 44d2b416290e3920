import { NO_DATABASE } from './image-database.ts';
import type { ImagesStatus, SecurityPolicySpec } from '../api/security-policy.ts';
import type { ImageEntry } from './image-ledger.ts';
import type { ImageTarget } from './image-targets.ts';

/** How many of the images in a policy's scope were looked into, and which were not and why. */
export interface ImageCoverage {
  readonly coverage: ImagesStatus['coverage'];
  /** A line an image: those that failed before those that wait. */
  readonly uncovered: readonly string[];
}

/** What is known of images. */
export interface LookedInto {
  /** By digest, in the namespace of a workload: what needs a pull secret may be known in one and not in another. */
  readonly entry: (digest: string, namespace: string) => ImageEntry | undefined;
  /** Whether there is a database to match with. */
  readonly database: boolean;
}

type Gap = readonly [state: 'failed' | 'waiting', why: string];

/**
 * Counts the images of a policy's targets, each once: one that runs by its digest, one that no pod has run by its reference. What was
 * found before counts as not looked into while a newer attempt has failed. Pure.
 */
export function imageCoverage(
  images: NonNullable<SecurityPolicySpec['images']>,
  targets: readonly ImageTarget[],
  known: LookedInto,
): ImageCoverage {
  const { running, idle } = imagesOf(targets);
  const gaps = [...running].flatMap(([digest, { reference, namespaces }]) => {
    const found = [...namespaces].toSorted().flatMap((namespace) => {
      const gap = gapOf(images, known.entry(digest, namespace), known.database);
      return gap ? [gap] : [];
    });
    const gap = found.find(([state]) => state === 'failed') ?? found[0];
    return gap ? [{ state: gap[0], text: `image ${reference}: ${gap[1]}` }] : [];
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

/** An image that runs: the first of the references that it is known by, and where it runs. */
interface RunningImage {
  readonly reference: string;
  readonly namespaces: ReadonlySet<string>;
}

/** The images that run, by digest; and how many references no pod has run. */
function imagesOf(targets: readonly ImageTarget[]): { readonly running: ReadonlyMap<string, RunningImage>; readonly idle: number } {
  const containers = targets.flatMap((target) => target.containers);
  const running = new Map<string, RunningImage>();
  for (const { containers: own, workload } of targets) {
    for (const { image } of own) {
      if (!image) continue;
      const { reference = image.reference, namespaces = [] } = running.get(image.digest) ?? {};
      const first = image.reference < reference ? image.reference : reference;
      running.set(image.digest, { reference: first, namespaces: new Set([...namespaces, workload.namespace ?? '']) });
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
