import { customResourceDefinition } from './crd.ts';
import { type KindDefinition } from './kind-definition.ts';

/** A CRD in the cluster that is missing or does not match this version of Vigil. */
export interface CrdProblem {
  /** The CRD's name, such as `scans.vigil.dev`. */
  readonly crd: string;
  readonly reason: 'CRDMissing' | 'CRDOutdated';
  /** The missing CRD or fields, the consequence, and the command that fixes it. */
  readonly message: string;
}

type Json = Readonly<Record<string, unknown>>;

/** The fields of an installed CustomResourceDefinition that {@link crdProblem} reads. */
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

/** The maximum number of fields that a message names. */
const mostNamed = 5;

/** The command that installs the CRD of a kind from the repository or from a release. */
const fix = ({ group, plural }: KindDefinition): string => `kubectl apply --server-side -f crds/${group}_${plural}.yaml`;

/**
 * Compares the installed CRD with the CRD of this version. The API server prunes or rejects a field that the installed CRD does not have.
 * Returns undefined if the installed CRD has every field of this version. Additional fields are not a problem. Pure.
 */
export function crdProblem(kind: KindDefinition, served: ServedCrd | undefined): CrdProblem | undefined {
  const crd = `${kind.plural}.${kind.group}`;
  const version = served?.spec?.versions?.find(({ name, served: isServed }) => name === kind.version && isServed);
  if (version === undefined) {
    const what =
      served === undefined
        ? `CustomResourceDefinition ${crd} is not installed`
        : `CustomResourceDefinition ${crd} does not serve ${kind.version}`;
    return { crd, reason: 'CRDMissing', message: `${what}: Vigil cannot write ${kind.kind} objects; install the CRD: ${fix(kind)}` };
  }
  const missing = missingFields(schemaOf(kind), version.schema?.openAPIV3Schema ?? {}, '');
  if (missing.length === 0) return undefined;
  const named = missing.slice(0, mostNamed).join(', ');
  const others = missing.length > mostNamed ? ` and ${missing.length - mostNamed} more` : '';
  return {
    crd,
    reason: 'CRDOutdated',
    message: `CustomResourceDefinition ${crd} belongs to another version of Vigil, and the API server drops ${named}${others}; update the CRD: ${fix(kind)}`,
  };
}

function schemaOf(kind: KindDefinition): Json {
  const { spec } = customResourceDefinition(kind) as unknown as Required<ServedCrd>;
  return spec.versions?.[0]?.schema?.openAPIV3Schema ?? {};
}

/** Returns the paths of the fields of the wanted schema that the served schema does not have. Omits the fields below a missing field. */
function missingFields(wantedSchema: unknown, servedSchema: unknown, path: string): readonly string[] {
  const [wanted, served] = [jsonOf(wantedSchema), jsonOf(servedSchema)];
  if (served['x-kubernetes-preserve-unknown-fields'] === true) return [];
  const properties = Object.entries(jsonOf(wanted['properties'])).flatMap(([name, child]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const servedChild = jsonOf(served['properties'])[name] ?? served['additionalProperties'];
    return servedChild === undefined ? [at] : missingFields(child, servedChild, at);
  });
  const items = wanted['items'] === undefined ? [] : missingFields(wanted['items'], served['items'], `${path}[]`);
  const values =
    wanted['additionalProperties'] === undefined
      ? []
      : missingFields(wanted['additionalProperties'], served['additionalProperties'], `${path}.*`);
  return [...properties, ...items, ...values];
}

const jsonOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
