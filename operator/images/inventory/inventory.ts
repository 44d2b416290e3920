import type { Examples } from './examples.ts';

/** A package of an image, with all that matching needs to know of it. */
export interface InventoryPackage {
  readonly name: string;
  readonly version: string;
  /** Its package URL: says of which kind it is. */
  readonly purl: string;
  /** What it was built from, where that has another name or version. */
  readonly source?: { readonly name?: string; readonly version?: string; readonly release?: string; readonly epoch?: string };
  readonly modularity?: string;
  /** The file that tells of it. */
  readonly path?: string;
}

/** The packages of one kind, or of one lockfile or program. */
export interface InventoryApplication {
  /** A path, or what the scanner calls all of a kind. */
  readonly name: string;
  /** `os-pkgs` or `lang-pkgs`. */
  readonly class: string;
  /** The scanner's word for the kind, such as debian or node-pkg. */
  readonly type: string;
  readonly packages: readonly InventoryPackage[];
}

/** A secret that was left in an image. What it says is never kept. */
export interface InventorySecret {
  readonly rule: string;
  readonly title: string;
  readonly severity: string;
  readonly path: string;
  readonly line: number;
}

/** What is in an image: it never changes, so it is taken once. */
export interface Inventory {
  readonly system?: { readonly family: string; readonly name: string };
  readonly applications: readonly InventoryApplication[];
  readonly secrets: readonly InventorySecret[];
  /** Left out when everything could be read. */
  readonly unreadable?: Examples;
  /** Archives of Java that say nothing of themselves, where nobody was asked for them; left out when there is none. */
  readonly unidentified?: Examples;
}

/** A line of the stream by which an inventory leaves its pod; a package belongs to the application before it. */
export type InventoryRecord =
  | { readonly type: 'system'; readonly family: string; readonly name: string }
  | { readonly type: 'application'; readonly name: string; readonly class: string; readonly kind: string }
  | { readonly type: 'package'; readonly package: InventoryPackage }
  | { readonly type: 'secret'; readonly secret: InventorySecret };

/** What is said at the end of that stream. */
export interface InventoryBody {
  readonly packages: number;
  readonly secrets: number;
  readonly unreadable?: Examples;
  readonly unidentified?: Examples;
}

/** Puts the records of a stream together, with what its end says is not known. */
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
    ...some({ unreadable, unidentified }),
  };
}

/** What there is any of. */
const some = (
  counts: Readonly<Record<'unreadable' | 'unidentified', Examples | undefined>>,
): Pick<Inventory, 'unreadable' | 'unidentified'> =>
  Object.fromEntries(Object.entries(counts).filter(([, found]) => found !== undefined && found.count > 0));
