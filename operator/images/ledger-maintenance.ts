import type { KubeObject } from '../api/metadata.ts';
import type { ImageKeys } from './jobs/image-access.ts';
import { withFailure, type ImageEntry, type ImageLedger } from './ledger/image-ledger.ts';
import { notPullableReason } from './targets/image-reference.ts';

/** Updates of the image ledger that need no Job. All functions are pure; times are milliseconds since the epoch. */

/** The time `seen` of an entry is renewed once an hour. This is exact enough for the grace period and avoids a write in each reconcile. */
const seenInterval = 3_600_000;
/** Younger ConfigMaps are kept: the ledger that references them may not be written yet. */
const minAge = 600_000;

/** Returns the ledger with an up-to-date time `seen` for these images. Adds entries for new images. */
export function withSeenTimes(ledger: ImageLedger, { places }: ImageKeys, now: number): ImageLedger {
  const noted = [...places.keys()].flatMap((key): [string, ImageEntry][] => {
    const entry = ledger[key];
    return entry && entry.seen + seenInterval > now ? [] : [[key, { ...entry, seen: now }]];
  });
  return { ...ledger, ...Object.fromEntries(noted) };
}

/** Returns the ledger without the inventories and findings whose ConfigMaps were deleted. They are made again. */
export function withoutDeletedDocuments(ledger: ImageLedger, names: ReadonlyMap<string, unknown>): ImageLedger {
  const kept = (configMaps: readonly string[] = []): boolean => configMaps.every((name) => names.has(name));
  const entries = Object.entries(ledger).map(([key, { inventory, findings, ...rest }]) => {
    const whole = {
      ...(inventory && kept(inventory.configMaps) ? { inventory } : {}),
      ...(findings && kept(findings.configMaps) ? { findings } : {}),
    };
    return [key, { ...rest, ...whole }] as const;
  });
  return Object.fromEntries(entries);
}

/** Returns the ledger without the findings of these images. They are matched again. */
export function withoutFindings(ledger: ImageLedger, lost: readonly string[]): ImageLedger {
  const entries = Object.entries(ledger).map(([key, { findings, ...rest }]): [string, ImageEntry] =>
    lost.includes(key) || !findings ? [key, rest] : [key, { ...rest, findings }],
  );
  return Object.fromEntries(entries);
}

/** Returns the ledger without these images. */
export function withoutImages(ledger: ImageLedger, gone: readonly string[]): ImageLedger {
  const keys = new Set(gone);
  return Object.fromEntries(Object.entries(ledger).filter(([key]) => !keys.has(key)));
}

/** Returns the ledger with a failure for each image that the scanner cannot pull. Does not repeat a failure that is already there. */
export function withNotPullableFailures(ledger: ImageLedger, { places }: ImageKeys, now: number): ImageLedger {
  const failed = [...places].flatMap(([key, { image, pull }]): [string, ImageEntry][] => {
    const { inventory, failure, ...rest } = ledger[key] ?? { seen: now };
    const reason = pull && !inventory ? notPullableReason(image) : undefined;
    if (reason === undefined || failure?.reason === reason) return [];
    return [[key, withFailure(rest, { step: 'inventory', reason, at: now, pull: true })]];
  });
  return { ...ledger, ...Object.fromEntries(failed) };
}

/** Returns the names of the ConfigMaps that no entry references, except new ones. */
export function unreferencedConfigMaps(ledger: ImageLedger, kept: Iterable<KubeObject>, now: number): string[] {
  const named = new Set(
    Object.values(ledger).flatMap(({ inventory, findings }) => [...(inventory?.configMaps ?? []), ...(findings?.configMaps ?? [])]),
  );
  const old = ({ metadata }: KubeObject): boolean => Date.parse(metadata.creationTimestamp ?? '') + minAge < now;
  return [...kept].filter((object) => !named.has(object.metadata.name) && old(object)).map(({ metadata }) => metadata.name);
}
