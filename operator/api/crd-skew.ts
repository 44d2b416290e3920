import { customResourceDefinition, type KindDefinition } from './crd.ts';

/** What is wrong with a CRD of the cluster, seen from this version of Vigil. */
export interface CrdProblem {
  /** The CRD's name, such as `scans.vigil.dev`. */
  readonly crd: string;
  readonly reason: 'CRDMissing' | 'CRDOutdated';
  /** What is missing, what follows from it, and the command that mends it. */
  readonly message: string;
}

type Json = Readonly<Record<string, unknown>>;

/** A CustomResourceDefinition as the server has it, as far as it is read here. */
export interface ServedCrd {
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly versions?: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema?: { readonly openAPIV3Schema?: Json };
    }[];
  };
}

/** Names of fields that a message lists. */
const mostNamed = 5;

/** The file of a CRD in the repository and in each release. */
const fix = ({ group, plural }: KindDefinition): string => `kubectl apply --server-side -f crds/${group}_${plural}.yaml`;

/**
 * Compares the CRD of the cluster with the one that this version brings. A field that the cluster's does not have is dropped by the API
 * server without a word, or refused. Undefined where all of them are there; more than this version knows does no harm. Pure.
 */
export function crdProblem(kind: KindDefinition, served: ServedCrd | undefined): CrdProblem | undefined {
  const crd = `${kind.plural}.${kind.group}`;
  const version = served?.spec?.versions?.find(({ name, served: isServed }) => name === kind.version && isServed);
  if (version === undefined) {
    const what =
      served === undefined
        ? `CustomResourceDefinition ${crd} is not installed`
        : `CustomResourceDefinition ${crd} does not serve ${kind.version}`;
    return { crd, reason: 'CRDMissing', message: `${what}: nothing can be written to it; install it: ${fix(kind)}` };
  }
  const missing = missingFields(schemaOf(kind), version.schema?.openAPIV3Schema ?? {}, '');
  if (missing.length === 0) return undefined;
  const named = missing.slice(0, mostNamed).join(', ');
  const others = missing.length > mostNamed ? ` and ${missing.length - mostNamed} more` : '';
  return {
    crd,
    reason: 'CRDOutdated',
    message: `CustomResourceDefinition ${crd} is of another version of Vigil and drops ${named}${others}: bring it up to date: ${fix(kind)}`,
  };
}

function schemaOf(kind: KindDefinition): Json {
  const { spec } = customResourceDefinition(kind) as unknown as Required<ServedCrd>;
  return spec.versions?.[0]?.schema?.openAPIV3Schema ?? {};
}

/** The paths of fields that one schema has and the other drops; of a field that is missing, not what is below it. */
function missingFields(wanted: unknown, served: unknown, path: string): readonly string[] {
  const [own, theirs] = [jsonOf(wanted), jsonOf(served)];
  if (theirs['x-kubernetes-preserve-unknown-fields'] === true) return [];
  const properties = Object.entries(jsonOf(own['properties'])).flatMap(([name, child]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const there = jsonOf(theirs['properties'])[name] ?? theirs['additionalProperties'];
    return there === undefined ? [at] : missingFields(child, there, at);
  });
  const items = own['items'] === undefined ? [] : missingFields(own['items'], theirs['items'], `${path}[]`);
  const values =
    own['additionalProperties'] === undefined
      ? []
      : missingFields(own['additionalProperties'], theirs['additionalProperties'], `${path}.*`);
  return [...properties, ...items, ...values];
}

const jsonOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
