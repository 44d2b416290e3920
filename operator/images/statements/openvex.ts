import { z } from 'zod';
import { checked, packageUrlField, locatedValues, timeField } from './data-document.ts';
import type { PackageUrl } from './package-url.ts';
import { countUnmatchable, relevantProducts, type VexDocument, type VexProduct, type VexStatement, type VexWanted } from './vex.ts';

/** The VEX justifications for not_affected. */
export const justifications = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const;

/** Accepts plain strings too: vulnerabilities and products are strings before version 0.2.0. */
const orText = <T extends z.ZodType>(key: string, schema: T) =>
  z.preprocess((value) => (typeof value === 'string' ? { [key]: value } : value), schema);

/** An identifier of any kind. One that begins with `pkg:` must be a valid package URL. */
const identifier = z.string().transform((text, context): PackageUrl | undefined => {
  if (!text.startsWith('pkg:')) return undefined;
  const parsed = packageUrlField.safeParse(text);
  if (!parsed.success) context.addIssue({ code: 'custom', message: parsed.error.issues[0]?.message ?? '' });
  return parsed.data;
});
const component = z.object({
  '@id': identifier.optional(),
  identifiers: z.object({ purl: packageUrlField.optional() }).nullish(),
  hashes: z.record(z.string(), z.string()).nullish(),
});
const product = component.extend({ subcomponents: z.array(orText('@id', component)).nullish() });

const statementShape = z
  .object({
    vulnerability: orText(
      'name',
      z.object({ '@id': z.string().optional(), name: z.string().min(1), aliases: z.array(z.string()).nullish() }),
    ),
    timestamp: timeField.optional(),
    products: z.array(orText('@id', product)).min(1),
    status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
    justification: z.enum(justifications).optional(),
    impact_statement: z.string().optional(),
    action_statement: z.string().optional(),
  })
  .refine(({ status, justification, impact_statement }) => status !== 'not_affected' || (justification ?? impact_statement) !== undefined, {
    path: ['status'],
    message: 'not_affected needs a justification or an impact_statement',
  });

const headShape = z.object({
  '@context': z.string().startsWith('https://openvex.dev/ns'),
  '@id': z.string().min(1),
  timestamp: timeField,
  version: z.coerce.number().optional(),
  statements: z.literal(true, 'an OpenVEX document must have statements'),
});

/**
 * Reads an OpenVEX document (https://github.com/openvex/spec, 0.2.0) and keeps the relevant statements. Rejects the whole document if it
 * has an error, since an unreadable statement may revoke another one. Throws a `DataDocumentError`.
 */
export async function readOpenVex(bytes: Buffer, wanted: VexWanted): Promise<VexDocument> {
  const head: Record<string, unknown> = {};
  const kept: z.infer<typeof statementShape>[] = [];
  for await (const { path, location, value } of locatedValues(bytes, ['@context', '@id', 'timestamp', 'version', 'statements.*'])) {
    if (path !== 'statements.*') {
      head[path] = value;
      continue;
    }
    head['statements'] = true;
    const statement = checked(statementShape, value, location);
    if (namesOf(statement).some((name) => wanted.vulnerabilities.has(name))) kept.push(statement);
  }
  const { '@id': id, timestamp, version = 0 } = checked(headShape, head);
  const statements = kept.map((statement) => statementOf(statement, timestamp, wanted));
  return {
    format: 'OpenVEX',
    id,
    revision: [version, timestamp],
    statements: statements
      .map((statement) => ({ ...statement, products: statement.products.flatMap((item) => relevantProducts(item, wanted)) }))
      .filter(({ products }) => products.length > 0),
    unmatchable: countUnmatchable(statements.flatMap(({ products }) => products)),
  };
}

const namesOf = ({ vulnerability }: z.infer<typeof statementShape>): string[] => [
  vulnerability.name,
  ...(vulnerability['@id'] === undefined ? [] : [vulnerability['@id']]),
  ...(vulnerability.aliases ?? []),
];

function statementOf(source: z.infer<typeof statementShape>, documentTime: number, wanted: VexWanted): VexStatement {
  const { status, justification, impact_statement, action_statement, timestamp = documentTime } = source;
  const statement = status === 'affected' ? action_statement : impact_statement;
  return {
    vulnerabilities: namesOf(source).filter((name) => wanted.vulnerabilities.has(name)),
    products: source.products.map(productOf),
    status,
    ...(justification === undefined ? {} : { justification }),
    ...(statement === undefined ? {} : { statement }),
    time: timestamp,
  };
}

/** Converts a product. One matching identifier is enough. */
function productOf(source: z.infer<typeof product>): VexProduct {
  const digest = source.hashes?.['sha-256'];
  const parts = source.subcomponents ?? [];
  return {
    names: purlsOf(source),
    ...(digest === undefined ? {} : { digests: [`sha256:${digest.toLowerCase()}`] }),
    ...(parts.length > 0 ? { parts: parts.flatMap(purlsOf) } : {}),
  };
}

const purlsOf = ({ '@id': id, identifiers }: z.infer<typeof component>): PackageUrl[] =>
  [id, identifiers?.purl].filter((purl) => purl !== undefined);
