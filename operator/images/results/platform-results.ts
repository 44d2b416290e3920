import type { Finding } from '../../findings/finding.ts';
import type { ContainerImage } from '../targets/image-targets.ts';

/** The results of a policy for a container's image on one platform. */
export interface PlatformResults {
  readonly container: ContainerImage;
  readonly results: readonly Finding[];
  /** Whether the image has no findings. */
  readonly passed: boolean;
  /** Whether the image has been scanned, has failed, or waits for too long. */
  readonly known: boolean;
  /** The missing results; left out if the image is completely scanned. */
  readonly unknown?: Unknown;
}

/** The missing results of a container's image. */
export interface Unknown {
  /** Whether secrets are missing too; otherwise only vulnerabilities. */
  readonly secrets: boolean;
  /** Whether an attempt to scan the image failed. */
  readonly failed: boolean;
}

/** Returns what is missing in all of these; undefined if one of them is complete. */
export function unknownInAll(parts: readonly Pick<PlatformResults, 'unknown'>[]): Unknown | undefined {
  const unknown = parts.flatMap((part) => part.unknown ?? []);
  if (unknown.length < parts.length) return undefined;
  return { secrets: unknown.every(({ secrets }) => secrets), failed: unknown.some(({ failed }) => failed) };
}

/**
 * Joins the results of one image on several platforms. A result of all platforms is kept once; the others get the property `platform`. The
 * image passes if it passes on each platform. The results of an image on one platform do not change.
 */
export function joinPlatforms(parts: readonly PlatformResults[]): PlatformResults[] {
  const together = Map.groupBy(parts, ({ container: { container, image } }) => (image ? `${container} ${image.digest}` : Symbol()));
  return [...together.values()].flatMap((group) => (group.length > 1 ? [joined(group)] : group));
}

function joined(group: readonly PlatformResults[]): PlatformResults {
  const counts = new Map<string, number>();
  for (const { results } of group) for (const each of new Set(results.map(identityOf))) counts.set(each, (counts.get(each) ?? 0) + 1);
  const results = group.flatMap(({ container: { image }, results: own }) =>
    own.map((result) => (counts.get(identityOf(result)) === group.length ? result : on(image?.platform, result))),
  );
  const unknown = unknownInAll(group);
  return {
    container: (group[0] as PlatformResults).container,
    ...(unknown ? { unknown } : {}),
    results: [...new Map(results.map((result) => [identityOf(result), result])).values()],
    passed: group.every(({ passed }) => passed),
    known: group.some(({ known }) => known),
  };
}

const identityOf = ({ check, verdict, message, properties }: Finding): string => JSON.stringify([check, verdict, message, properties]);

const on = (platform: string | undefined, result: Finding): Finding =>
  platform === undefined ? result : { ...result, properties: { ...result.properties, platform } };
