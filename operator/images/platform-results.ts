import type { RecordResult } from '../stream/stream-record.ts';
import type { ContainerImage } from './image-targets.ts';

/** What a policy says of the image of a container, on one platform. */
export interface PlatformResults {
  readonly container: ContainerImage;
  readonly results: readonly RecordResult[];
  /** Whether it has nothing that the policy asks about. */
  readonly passed: boolean;
  /** Whether anything is known of it. */
  readonly known: boolean;
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
  return {
    ...(group[0] as PlatformResults),
    results: [...new Map(results.map((result) => [identityOf(result), result])).values()],
    passed: group.every(({ passed }) => passed),
    known: group.some(({ known }) => known),
  };
}

const identityOf = ({ check, verdict, message, properties }: RecordResult): string => JSON.stringify([check, verdict, message, properties]);

const on = (platform: string | undefined, result: RecordResult): RecordResult =>
  platform === undefined ? result : { ...result, properties: { ...result.properties, platform } };
