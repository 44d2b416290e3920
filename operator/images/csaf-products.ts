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
  readonly product?: FullName | undefined;
  readonly branches?: readonly Branch[] | undefined;
}
const branch: z.ZodType<Branch> = z.object({ product: fullName.optional(), branches: z.array(z.lazy(() => branch)).optional() });

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

/** The products of a CSAF document by their ids: those that it names, and those that are one inside another. */
export class ProductTree {
  readonly #products: Map<string, VexProduct>;
  readonly #groups: ReadonlyMap<string, readonly string[]>;

  constructor(tree: Tree) {
    const { product_groups = [], relationships = [] } = tree;
    this.#products = new Map(namesIn(tree).map((name) => [name.product_id, { names: purlsOf(name) }]));
    for (const relationship of relationships) this.#products.set(relationship.full_product_name.product_id, this.#related(relationship));
    this.#groups = new Map(product_groups.map(({ group_id, product_ids }) => [group_id, product_ids]));
  }

  product(id: string): VexProduct | undefined {
    return this.#products.get(id);
  }

  /** Whether a note is about a product: one that names none is about all. */
  isAbout({ product_ids, group_ids }: { product_ids?: string[] | undefined; group_ids?: string[] | undefined }, id: string): boolean {
    if (product_ids === undefined && group_ids === undefined) return true;
    return product_ids?.includes(id) === true || group_ids?.some((group) => this.#groups.get(group)?.includes(id)) === true;
  }

  /** What is not delivered with a product, or in what is itself a part of something, is not known to be in an image: no name stands for it. */
  #related({ category, product_reference: part, relates_to_product_reference: whole }: Relationship): VexProduct {
    const inside = category === 'external_component_of' ? undefined : this.#products.get(whole);
    const names = inside?.parts === undefined ? (inside?.names ?? []) : [];
    return { names, parts: this.#products.get(part)?.names ?? [] };
  }
}

function namesIn({ branches = [], full_product_names = [] }: Tree): FullName[] {
  const names = [...full_product_names];
  for (let open: readonly Branch[] = branches; open.length > 0; open = open.flatMap((each) => each.branches ?? []))
    names.push(...open.flatMap(({ product }) => product ?? []));
  return names;
}

const purlsOf = ({ product_identification_helper: { purl, purls = [] } = {} }: FullName): PackageUrl[] => (purl ? [purl, ...purls] : purls);
