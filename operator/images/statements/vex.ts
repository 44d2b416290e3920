import { matchesImage, type ImageName } from './image-name.ts';
import { matchesPackage, packageKey, type PackageUrl } from './package-url.ts';

/** What somebody says of a vulnerability in a product (the four statuses of VEX). */
export type VexStatus = 'not_affected' | 'affected' | 'fixed' | 'under_investigation';

/** What a statement is about: an image, packages of an image, or a package wherever it is. */
export interface VexProduct {
  readonly names: readonly PackageUrl[];
  /** `sha256:…` */
  readonly digests?: readonly string[];
  /** The packages in the product; left out, the product as a whole. */
  readonly parts?: readonly PackageUrl[];
}

/** One statement of a document. */
export interface VexStatement {
  /** The vulnerability's name and its aliases. */
  readonly vulnerabilities: readonly string[];
  readonly products: readonly VexProduct[];
  readonly status: VexStatus;
  /** One of the labels of VEX. */
  readonly justification?: string;
  /** Why it is not affected, or what to do, in words. */
  readonly statement?: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** A document of statements. Of those with one id only the latest revision counts. */
export interface VexDocument {
  readonly format: 'OpenVEX' | 'CSAF';
  readonly id: string;
  readonly revision: readonly number[];
  readonly statements: readonly VexStatement[];
  /** How many products its statements about what was found have, when none of them can be matched; else 0. */
  readonly unmatchable: number;
}

/** Where a document was found: `<ConfigMap>/<key>`. */
export type VexSource = VexDocument & { readonly source: string };

/** What a document says of a finding. */
export interface VexVerdict extends Pick<VexStatement, 'status' | 'justification' | 'statement'> {
  readonly document: Pick<VexSource, 'format' | 'id' | 'source'>;
}

/** What may matter of documents: the rest need not be kept. */
export interface VexWanted {
  /** Vulnerabilities that were found. */
  readonly vulnerabilities: ReadonlySet<string>;
  /** The `packageKey` of what they were found in: packages and images. */
  readonly packages: ReadonlySet<string>;
}

/** A finding, as products are compared with it. */
export interface VexSubject {
  readonly image: ImageName;
  readonly found: PackageUrl | undefined;
}

/** Of a product what may be about something that was found: nothing, or one product. */
export function relevantProducts({ names, digests = [], parts }: VexProduct, { packages }: VexWanted): VexProduct[] {
  const known = (purl: PackageUrl): boolean => packages.has(packageKey(purl));
  const relevant: VexProduct = {
    names: names.filter(known),
    ...(digests.length > 0 ? { digests } : {}),
    ...(parts ? { parts: parts.filter(known) } : {}),
  };
  return isNameless(relevant) ? [] : [relevant];
}

/** How many products there are, when nothing is there to know any of them by; else 0. */
export const countUnmatchable = (products: readonly VexProduct[]): number => (products.every(isNameless) ? products.length : 0);

const isNameless = ({ names, digests = [], parts }: VexProduct): boolean => names.length + digests.length === 0 || parts?.length === 0;

/** Answers what documents say of findings: of statements about the same, the latest counts; of one time, the last. */
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

  /** What is said of a vulnerability in a finding, which is asked for only when something may be; undefined when nothing is. */
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

/** Which of two revisions is the later one: positive when it is the first. */
function order({ revision }: VexDocument, other: VexDocument): number {
  const at = revision.findIndex((part, index) => part !== other.revision[index]);
  return (revision[at] ?? 0) - (other.revision[at] ?? 0);
}

/** What depends on what in an image is not known: packages in another package are about nothing. */
function matches({ names, digests = [], parts }: VexProduct, { image, found }: VexSubject): boolean {
  const isFound = (purl: PackageUrl): boolean => found !== undefined && matchesPackage(purl, found);
  const whole =
    digests.some((digest) => image.digests.includes(digest)) || names.some((name) => matchesImage(name, image) || isFound(name));
  return whole && (parts === undefined || parts.some(isFound));
}
