import { platformOf, withoutPlatform } from './targets/image-key.ts';
import type { ImageEntry, ImageLedger } from './ledger/image-ledger.ts';

/**
 * A key has no platform in the ledger of an older version, and while the operator cannot list nodes. This file copies entries between
 * keys with and without a platform, so that no finding is lost. The entry that is no longer used is removed a day later.
 */

/** Whether an entry has no inventory, findings or failure. */
const isBlank = (entry: ImageEntry | undefined): boolean => !entry || !(entry.inventory ?? entry.findings ?? entry.failure);

/**
 * Returns the ledger with blank entries filled from the other key of the same image: with a platform from without, and the reverse.
 * @param platforms The platforms of the cluster. If there are several, the platform of an inventory without one is unknown: the findings
 * are copied, and the inventory is taken again.
 */
export function withAdoptedEntries(ledger: ImageLedger, keys: Iterable<string>, platforms: ReadonlySet<string>): ImageLedger {
  const blank = [...keys].filter((key) => isBlank(ledger[key]));
  if (blank.length === 0) return ledger;
  const known = Map.groupBy(
    Object.keys(ledger).filter((key) => !isBlank(ledger[key])),
    withoutPlatform,
  );
  const adopted = blank.flatMap((key): [string, ImageEntry][] => {
    const others = (known.get(withoutPlatform(key)) ?? []).filter(
      (other) => (platformOf(other) === undefined) !== (platformOf(key) === undefined),
    );
    const [from] = others;
    const entry = from === undefined ? undefined : ledger[from];
    if (from === undefined || !entry) return [];
    const { inventory, ...rest } = entry;
    const certain = others.length === 1 && platforms.size <= 1;
    return [[key, certain && inventory ? { ...rest, inventory: { of: from, ...inventory } } : rest]];
  });
  return adopted.length === 0 ? ledger : { ...ledger, ...Object.fromEntries(adopted) };
}

/** Returns the images that Jobs work on, and the keys that differ from one of them by the platform only. */
export function busyKeys(images: readonly string[], keys: Iterable<string>): string[] {
  const plain = new Set(images.filter((key) => platformOf(key) === undefined));
  return [...images, ...[...keys].filter((key) => plain.has(withoutPlatform(key)))];
}
