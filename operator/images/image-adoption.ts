import { platformOf, withoutPlatform } from './targets/image-key.ts';
import type { ImageEntry, ImageLedger } from './ledger/image-ledger.ts';

/**
 * Keys had no platform once, and have none while nodes cannot be listed. What is kept under the one kind of key is taken over under the
 * other, so that nothing found is lost; what nobody asks for any more goes by itself, a day later.
 */

/** Whether nothing but its being there is known. */
const isBlank = (entry: ImageEntry | undefined): boolean => !entry || !(entry.inventory ?? entry.findings ?? entry.failure);

/**
 * The ledger with what is known under another key of the same image, for those of the keys that nothing is known of yet.
 * @param platforms The cluster's. Where there are several, whose an inventory without one is cannot be told: what was found stays, and
 * the inventory is taken again.
 */
export function withAdoptedEntries(ledger: ImageLedger, keys: Iterable<string>, platforms: ReadonlySet<string>): ImageLedger {
  const wanting = [...keys].filter((key) => isBlank(ledger[key]));
  if (wanting.length === 0) return ledger;
  const known = Map.groupBy(
    Object.keys(ledger).filter((key) => !isBlank(ledger[key])),
    withoutPlatform,
  );
  const adopted = wanting.flatMap((key): [string, ImageEntry][] => {
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

/** What Jobs are about, with or without a platform, among these keys. */
export function busyKeys(about: readonly string[], keys: Iterable<string>): string[] {
  const plain = new Set(about.filter((key) => platformOf(key) === undefined));
  return [...about, ...[...keys].filter((key) => plain.has(withoutPlatform(key)))];
}
