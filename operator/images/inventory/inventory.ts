import type { Examples } from './examples.ts';

/** A package of an image, with the data that matching needs. */
export interface InventoryPackage {
  readonly name: string;
  readonly version: string;
  /** The package URL, which contains the package type. */
  readonly purl: string;
  /** The source package, if it has another name or version. */
  readonly source?: { readonly name?: string; readonly version?: string; readonly release?: string; readonly epoch?: string };
  readonly modularity?: string;
  /** The file that the package was found in. */
  readonly path?: string;
}

/** The packages of one type, or of one lockfile or program. */
export interface InventoryApplication {
  /** A path, or the scanner's name for all packages of a type. */
  readonly name: string;
  /** `os-pkgs` or `lang-pkgs`. */
  readonly class: string;
  /** The scanner's type, such as debian or node-pkg. */
  readonly type: string;
  readonly packages: readonly InventoryPackage[];
}

/** A secret in an image. Its content is never stored. */
export interface InventorySecret {
  readonly rule: string;
  readonly title: string;
  readonly severity: string;
  readonly path: string;
  readonly line: number;
}

/** The packages and secrets of an image. They never change, so the inventory is taken once. */
export interface Inventory {
  readonly system?: { readonly family: string; readonly name: string };
  readonly applications: readonly InventoryApplication[];
  readonly secrets: readonly InventorySecret[];
  /** Files and folders that could not be read; left out if there are none. */
  readonly unreadable?: Examples;
  /** Java archives without Maven metadata, if no index was used to identify them; left out if there are none. */
  readonly unidentified?: Examples;
}

/** A record of the result stream of an inventory Job. A package belongs to the application before it. */
export type InventoryRecord =
  | { readonly type: 'system'; readonly family: string; readonly name: string }
  | { readonly type: 'application'; readonly name: string; readonly class: string; readonly kind: string }
  | { readonly type: 'package'; readonly package: InventoryPackage }
  | { readonly type: 'secret'; readonly secret: InventorySecret };

/** The trailer of that stream. */
export interface InventoryBody {
  readonly packages: number;
  readonly secrets: number;
  readonly unreadable?: Examples;
  readonly unidentified?: Examples;
}

/** Builds an inventory from the records of a stream, and the unreadable and unidentified files of its trailer. */
export function inventoryOf(
  records: Iterable<InventoryRecord>,
  { unreadable, unidentified }: Readonly<Partial<Record<'unreadable' | 'unidentified', Examples | undefined>>> = {},
): Inventory {
  const applications: (InventoryApplication & { packages: InventoryPackage[] })[] = [];
  const secrets: InventorySecret[] = [];
  let system: Inventory['system'];
  for (const record of records) {
    if (record.type === 'system') system = { family: record.family, name: record.name };
    else if (record.type === 'application') applications.push({ name: record.name, class: record.class, type: record.kind, packages: [] });
    else if (record.type === 'package') applications.at(-1)?.packages.push(record.package);
    else secrets.push(record.secret);
  }
  return {
    ...(system ? { system } : {}),
    applications: applications.filter(({ packages }) => packages.length > 0),
    secrets,
    ...positive({ unreadable, unidentified }),
  };
}

/** Returns the counts that are above zero. */
const positive = (
  counts: Readonly<Record<'unreadable' | 'unidentified', Examples | undefined>>,
): Pick<Inventory, 'unreadable' | 'unidentified'> =>
  Object.fromEntries(Object.entries(counts).filter(([, found]) => found !== undefined && found.count > 0));
