import { z } from 'zod';
import { ProductTree, productTreeShape } from './csaf-products.ts';
import { checked, DataDocumentError, locatedValues, timeField } from './data-document.ts';
import { justifications } from './openvex.ts';
import { countUnmatchable, relevantProducts, type VexDocument, type VexStatement, type VexStatus, type VexWanted } from './vex.ts';

const headShape = z.object({
  document: z.object({
    category: z.enum(['csaf_vex', 'csaf_security_advisory']),
    csaf_version: z.enum(['2.0', '2.1']),
    publisher: z.object({ namespace: z.string() }),
    tracking: z.object({ id: z.string().min(1), current_release_date: timeField }),
  }),
  product_tree: productTreeShape,
  vulnerabilities: z.literal(true, 'a CSAF document must have vulnerabilities'),
});

const productRefs = { product_ids: z.array(z.string()).optional(), group_ids: z.array(z.string()).optional() };
const ids = z.array(z.string()).optional();
const vulnerabilityShape = z.object({
  cve: z.string().optional(),
  ids: z.array(z.object({ text: z.string() })).optional(),
  product_status: z
    .object({
      known_not_affected: ids,
      first_fixed: ids,
      fixed: ids,
      under_investigation: ids,
      first_affected: ids,
      known_affected: ids,
      last_affected: ids,
    })
    .optional(),
  flags: z.array(z.object({ label: z.enum(justifications), ...productRefs })).optional(),
  threats: z.array(z.object({ category: z.string(), details: z.string(), ...productRefs })).optional(),
});
type Vulnerability = z.infer<typeof vulnerabilityShape>;

/** Sorted from best to worst: if a document contradicts itself, the last and worst status counts. */
const statuses: readonly (readonly [keyof NonNullable<Vulnerability['product_status']>, VexStatus])[] = [
  ['known_not_affected', 'not_affected'],
  ['first_fixed', 'fixed'],
  ['fixed', 'fixed'],
  ['under_investigation', 'under_investigation'],
  ['first_affected', 'affected'],
  ['known_affected', 'affected'],
  ['last_affected', 'affected'],
];

/**
 * Reads a CSAF document of the VEX or security advisory profile (https://docs.oasis-open.org/csaf/csaf/v2.0/) and keeps the relevant
 * statements. Rejects the whole document if it has an error. Throws a `DataDocumentError`.
 */
export async function readCsaf(bytes: Buffer, wanted: VexWanted): Promise<VexDocument> {
  const given: Record<string, unknown> = {};
  const kept: { readonly location: string; readonly vulnerability: Vulnerability }[] = [];
  for await (const { path, location, value } of locatedValues(bytes, ['document', 'product_tree', 'vulnerabilities.*'])) {
    if (path !== 'vulnerabilities.*') {
      given[path] = value;
      continue;
    }
    given['vulnerabilities'] = true;
    const vulnerability = checked(vulnerabilityShape, value, location);
    if (namesOf(vulnerability).some((name) => wanted.vulnerabilities.has(name))) kept.push({ location, vulnerability });
  }
  const { document, product_tree } = checked(headShape, given);
  const { publisher, tracking } = document;
  const tree = new ProductTree(product_tree);
  const time = tracking.current_release_date;
  const statements = kept.flatMap(({ location, vulnerability }) => {
    const vulnerabilities = namesOf(vulnerability).filter((name) => wanted.vulnerabilities.has(name));
    return statementsOf(vulnerability, location, tree).map((statement) => ({ vulnerabilities, time, ...statement }));
  });
  return {
    format: 'CSAF',
    id: `${publisher.namespace} ${tracking.id}`,
    revision: [time],
    statements: statements
      .map((statement) => ({ ...statement, products: statement.products.flatMap((product) => relevantProducts(product, wanted)) }))
      .filter(({ products }) => products.length > 0),
    unmatchable: countUnmatchable(statements.flatMap(({ products }) => products)),
  };
}

const namesOf = ({ cve, ids: others = [] }: Vulnerability): string[] => [
  ...(cve === undefined ? [] : [cve]),
  ...others.map(({ text }) => text),
];

/** Returns one statement for each product and status. */
function statementsOf(
  { product_status = {}, flags = [], threats = [] }: Vulnerability,
  location: string,
  tree: ProductTree,
): Pick<VexStatement, 'products' | 'status' | 'justification' | 'statement'>[] {
  const labels = tree.notes(flags.map(({ label, ...about }) => ({ text: label, ...about })));
  const impacts = threats.filter(({ category }) => category === 'impact');
  const reasons = tree.notes(impacts.map(({ details, ...about }) => ({ text: details, ...about })));
  return statuses.flatMap(([group, status]) =>
    (product_status[group] ?? []).map((id, index) => {
      const at = `${location}.product_status.${group}[${index}]`;
      const product = tree.product(id);
      if (!product) throw new DataDocumentError(`${at}: the product tree has no product ${JSON.stringify(id)}`);
      if (status !== 'not_affected') return { products: [product], status };
      const [justification, statement] = [labels(id), reasons(id)];
      if (justification === undefined && statement === undefined)
        throw new DataDocumentError(`${at}: known_not_affected needs a flag or a threat of the category impact`);
      return { products: [product], status, ...(justification ? { justification } : {}), ...(statement ? { statement } : {}) };
    }),
  );
}
