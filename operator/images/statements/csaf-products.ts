import { z } from 'zod';
import { packageUrlField } from './data-document.ts';
import type { PackageUrl } from './package-url.ts';
import type { VexProduct } from './vex.ts';

const fullName = z.object({
  product_id: z.string().min(1),
  product_identification_helper: z.object({ purl: packageUrlField.optional(), purls: z.array(packageUrlField).optional() }).optional(),
});
type FullName = z.infer<typeof fullName>;
interface Branch {
  readonly category?: string | undefined;
  readonly product?: FullName | undefined;
  readonly branches?: readonly Branch[] | undefined;
}
const branch: z.ZodType<Branch> = z.object({
  category: z.string().optional(),
  product: fullName.optional(),
  branches: z.array(z.lazy(() => branch)).optional(),
});

/** The `product_tree` of a CSAF document. */
export const productTreeShape = z.object({
  branches: z.array(branch).optional(),
  full_product_names: z.array(fullName).optional(),
  product_groups: z.array(z.object({ group_id: z.string(), product_ids: z.array(z.string()) })).optional(),
  relationships: z
    .array(
      z.object({
        category: z.enum(['default_component_of', 'external_component_of', 'installed_on', 'installed_with', 'optional_component_of']),
        product_reference: z.string(),
        relates_to_product_reference: z.string(),
        full_product_name: fullName,
      }),
    )
    .optional(),
});

type Tree = z.infer<typeof productTreeShape>;
type Relationship = NonNullable<Tree['relationships']>[number];

/** A flag or threat of a document about products or product groups. */
export interface ProductNote {
  readonly text: string;
  readonly product_ids?: readonly string[] | undefined;
  readonly group_ids?: readonly string[] | undefined;
}

/** The products of a CSAF document by ID, including products that are components of others. */
export class ProductTree {
  readonly #products: Map<string, VexProduct>;
  readonly #groups: ReadonlyMap<string, readonly string[]>;

  constructor(tree: Tree) {
    const { full_product_names = [], product_groups = [], relationships = [] } = tree;
    this.#products = new Map([
      ...full_product_names.map((name) => [name.product_id, { names: purlsOf(name) }] as const),
      ...branchesOf(tree).flatMap(({ category, product }) =>
        product ? [[product.product_id, { names: namesIn(product, category) }] as const] : [],
      ),
    ]);
    for (const relationship of relationships) this.#products.set(relationship.full_product_name.product_id, this.#related(relationship));
    this.#groups = new Map(product_groups.map(({ group_id, product_ids }) => [group_id, product_ids]));
  }

  product(id: string): VexProduct | undefined {
    return this.#products.get(id);
  }

  /**
   * Returns a function that finds the text of a product's note: the first note that names the product or its group, or the first without
   * products.
   */
  notes(notes: readonly ProductNote[]): (id: string) => string | undefined {
    const byProduct = new Map<string, string>();
    for (const { text, product_ids = [], group_ids = [] } of notes.toReversed())
      for (const id of [...product_ids, ...group_ids.flatMap((group) => this.#groups.get(group) ?? [])]) byProduct.set(id, text);
    const general = notes.find(({ product_ids, group_ids }) => product_ids === undefined && group_ids === undefined)?.text;
    return (id) => byProduct.get(id) ?? general;
  }

  /** An external component, and a component of a component, may not be in the image. Such a product has no names. */
  #related({ category, product_reference: part, relates_to_product_reference: whole }: Relationship): VexProduct {
    const inside = category === 'external_component_of' ? undefined : this.#products.get(whole);
    const names = inside?.parts === undefined ? (inside?.names ?? []) : [];
    return { names, parts: this.#products.get(part)?.names ?? [] };
  }
}

/** Returns the branches of all levels. */
function branchesOf({ branches = [] }: Tree): Branch[] {
  const all: Branch[] = [];
  for (let open: readonly Branch[] = branches; open.length > 0; open = open.flatMap((each) => each.branches ?? [])) all.push(...open);
  return all;
}

/** Returns the package URLs of a product. For a version range, skips package URLs without a version, which would cover all versions. */
const namesIn = (product: FullName, category: string | undefined): PackageUrl[] =>
  purlsOf(product).filter(({ version }) => category !== 'product_version_range' || version !== '');

const purlsOf = ({ product_identification_helper: { purl, purls = [] } = {} }: FullName): PackageUrl[] => (purl ? [purl, ...purls] : purls);
