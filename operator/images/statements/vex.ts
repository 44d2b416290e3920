import { matchesImage, type ImageName } from './image-name.ts';
import { matchesPackage, packageKey, type PackageUrl } from './package-url.ts';

/** The four VEX statuses of a vulnerability in a product. */
export type VexStatus = 'not_affected' | 'affected' | 'fixed' | 'under_investigation';

/** The product of a statement: an image, packages of an image, or a package in any image. */
export interface VexProduct {
  readonly names: readonly PackageUrl[];
  /** Image digests, `sha256:…`. */
  readonly digests?: readonly string[];
  /** The packages in the product; left out if the statement applies to the whole product. */
  readonly parts?: readonly PackageUrl[];
}

/** One statement of a document. */
export interface VexStatement {
  /** The vulnerability's name and its aliases. */
  readonly vulnerabilities: readonly string[];
  readonly products: readonly VexProduct[];
  readonly status: VexStatus;
  /** A VEX justification. */
  readonly justification?: string;
  /** The impact or action statement. */
  readonly statement?: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** A VEX document. If several documents have the same ID, only the latest revision counts. */
export interface VexDocument {
  readonly format: 'OpenVEX' | 'CSAF';
  readonly id: string;
  readonly revision: readonly number[];
  readonly statements: readonly VexStatement[];
  /** The number of products in its relevant statements if none of them can be matched; otherwise 0. */
  readonly unmatchable: number;
}

/** A document with its source, `<ConfigMap>/<key>`. */
export type VexSource = VexDocument & { readonly source: string };

/** The statement of a document that applies to a finding. */
export interface VexVerdict extends Pick<VexStatement, 'status' | 'justification' | 'statement'> {
  readonly document: Pick<VexSource, 'format' | 'id' | 'source'>;
}

/** Selects the relevant parts of documents. Other parts are dropped. */
export interface VexWanted {
  /** The IDs of the vulnerabilities in the findings. */
  readonly vulnerabilities: ReadonlySet<string>;
  /** The `packageKey` of the packages and images in the findings. */
  readonly packages: ReadonlySet<string>;
}

/** The image and package of a finding, for the comparison with products. */
export interface VexSubject {
  readonly image: ImageName;
  readonly found: PackageUrl | undefined;
}

/** Returns the part of a product that may match a finding: one product or none. */
export function relevantProducts({ names, digests = [], parts }: VexProduct, { packages }: VexWanted): VexProduct[] {
  const known = (purl: PackageUrl): boolean => packages.has(packageKey(purl));
  const relevant: VexProduct = {
    names: names.filter(known),
    ...(digests.length > 0 ? { digests } : {}),
    ...(parts ? { parts: parts.filter(known) } : {}),
  };
  return isUnmatchable(relevant) ? [] : [relevant];
}

/** Returns the number of products if none of them has an identifier to match; otherwise 0. */
export const countUnmatchable = (products: readonly VexProduct[]): number => (products.every(isUnmatchable) ? products.length : 0);

const isUnmatchable = ({ names, digests = [], parts }: VexProduct): boolean => names.length + digests.length === 0 || parts?.length === 0;

/** Finds the statement for a finding. The latest statement about a finding counts; of statements with the same time, the last one. */
export class VexIndex {
  readonly #byVulnerability = new Map<string, { readonly statement: VexStatement; readonly document: VexSource }[]>();

  constructor(documents: readonly VexSource[]) {
    const latest = new Map<string, VexSource>();
    const keyOf = ({ format, id }: VexSource): string => `${format} ${id}`;
    for (const document of documents) {
      const other = latest.get(keyOf(document));
      if (!other || order(document, other) > 0) latest.set(keyOf(document), document);
    }
    for (const document of documents) {
      if (order(document, latest.get(keyOf(document)) ?? document) < 0) continue;
      for (const statement of document.statements)
        for (const name of new Set(statement.vulnerabilities)) this.#add(name, { statement, document });
    }
    for (const all of this.#byVulnerability.values()) all.sort((a, b) => a.statement.time - b.statement.time);
  }

  /** Returns the statement for a finding; undefined if there is none. Calls `subject` only if a document has the vulnerability. */
  verdict(vulnerability: string, subject: () => VexSubject): VexVerdict | undefined {
    const all = this.#byVulnerability.get(vulnerability);
    if (!all) return undefined;
    const finding = subject();
    const last = all.findLast(({ statement }) => statement.products.some((product) => matches(product, finding)));
    if (!last) return undefined;
    const { status, justification, statement } = last.statement;
    const { format, id, source } = last.document;
    return {
      status,
      ...(justification === undefined ? {} : { justification }),
      ...(statement === undefined ? {} : { statement }),
      document: { format, id, source },
    };
  }

  #add(name: string, entry: { readonly statement: VexStatement; readonly document: VexSource }): void {
    const all = this.#byVulnerability.get(name);
    if (all) all.push(entry);
    else this.#byVulnerability.set(name, [entry]);
  }
}

/** Compares two revisions. Positive if the first is later. */
function order({ revision }: VexDocument, other: VexDocument): number {
  const at = revision.findIndex((part, index) => part !== other.revision[index]);
  return (revision[at] ?? 0) - (other.revision[at] ?? 0);
}

/** Whether a product matches a finding. The dependencies between packages are unknown, so a package in another package never matches. */
function matches({ names, digests = [], parts }: VexProduct, { image, found }: VexSubject): boolean {
  const isFound = (purl: PackageUrl): boolean => found !== undefined && matchesPackage(purl, found);
  const whole =
    digests.some((digest) => image.digests.includes(digest)) || names.some((name) => matchesImage(name, image) || isFound(name));
  return whole && (parts === undefined || parts.some(isFound));
}
