import type { Finding } from '../../findings/finding.ts';
import type { ContainerImage } from '../targets/image-targets.ts';

/** What a policy says of the image of a container, on one platform. */
export interface PlatformResults {
  readonly container: ContainerImage;
  readonly results: readonly Finding[];
  /** Whether it has nothing that the policy asks about. */
  readonly passed: boolean;
  /** Whether anything is known of it. */
  readonly known: boolean;
  /** Absent where all that the policy asks for is known. */
  readonly unknown?: Unknown;
}

/** What is not known yet of the image of a container. */
export interface Unknown {
  /** Neither secrets nor packages are; else the packages' vulnerabilities alone. */
  readonly secrets: boolean;
  /** A try to find out has failed. */
  readonly failed: boolean;
}

/** What is known of none of these. */
export function unknownInAll(parts: readonly Pick<PlatformResults, 'unknown'>[]): Unknown | undefined {
  const unknown = parts.flatMap((part) => part.unknown ?? []);
  if (unknown.length < parts.length) return undefined;
  return { secrets: unknown.every(({ secrets }) => secrets), failed: unknown.some(({ failed }) => failed) };
}

/**
 * Joins what is said of one image on several platforms: what is so on all of them is said once, the rest with the property `platform`. It passes
 * when it does on each. What runs on one platform is left as it is.
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
