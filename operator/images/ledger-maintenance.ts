import type { KubeObject } from '../api/metadata.ts';
import type { ImageKeys } from './jobs/image-access.ts';
import { withFailure, type ImageEntry, type ImageLedger } from './ledger/image-ledger.ts';
import { notPullableReason } from './targets/image-reference.ts';

/** What a ledger of images becomes of itself, without a Job. All pure; times are milliseconds since the epoch. */

/** An image is noted as seen once an hour: often enough for the grace period, without a write each time. */
const noteEvery = 3_600_000;
/** ConfigMaps younger than this may be of a ledger that is being written. */
const youth = 600_000;

/** With the images that are to be kept noted as seen. */
export function withSeenTimes(ledger: ImageLedger, { places }: ImageKeys, now: number): ImageLedger {
  const noted = [...places.keys()].flatMap((key): [string, ImageEntry][] => {
    const entry = ledger[key];
    return entry && entry.seen + noteEvery > now ? [] : [[key, { ...entry, seen: now }]];
  });
  return { ...ledger, ...Object.fromEntries(noted) };
}

/** Without inventories and findings that somebody deleted: they are taken again. */
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

/** Without the findings of these, which cannot be read: they are made anew. */
export function withoutFindings(ledger: ImageLedger, lost: readonly string[]): ImageLedger {
  const entries = Object.entries(ledger).map(([key, { findings, ...rest }]): [string, ImageEntry] =>
    lost.includes(key) || !findings ? [key, rest] : [key, { ...rest, findings }],
  );
  return Object.fromEntries(entries);
}

/** Without these images. */
export function withoutImages(ledger: ImageLedger, gone: readonly string[]): ImageLedger {
  const keys = new Set(gone);
  return Object.fromEntries(Object.entries(ledger).filter(([key]) => !keys.has(key)));
}

/** With the reason why of those that cannot be pulled, said once. */
export function withNotPullableFailures(ledger: ImageLedger, { places }: ImageKeys, now: number): ImageLedger {
  const failed = [...places].flatMap(([key, { image, pull }]): [string, ImageEntry][] => {
    const { inventory, failure, ...rest } = ledger[key] ?? { seen: now };
    const reason = pull && !inventory ? notPullableReason(image) : undefined;
    if (reason === undefined || failure?.reason === reason) return [];
    return [[key, withFailure(rest, { step: 'inventory', reason, at: now, pull: true })]];
  });
  return { ...ledger, ...Object.fromEntries(failed) };
}

/** The ConfigMaps that no entry names, and that are not just being written. */
export function unreferencedConfigMaps(ledger: ImageLedger, kept: Iterable<KubeObject>, now: number): string[] {
  const named = new Set(
    Object.values(ledger).flatMap(({ inventory, findings }) => [...(inventory?.configMaps ?? []), ...(findings?.configMaps ?? [])]),
  );
  const old = ({ metadata }: KubeObject): boolean => Date.parse(metadata.creationTimestamp ?? '') + youth < now;
  return [...kept].filter((object) => !named.has(object.metadata.name) && old(object)).map(({ metadata }) => metadata.name);
}
