import { isImage, type ImageName } from './image-name.ts';
import { isAbout, packageKey, type PackageUrl } from './package-url.ts';

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

/** A document of statements. Of two with one id that with the later revision counts alone. */
export interface VexDocument {
  readonly format: 'OpenVEX' | 'CSAF';
  readonly id: string;
  readonly revision: readonly number[];
  readonly statements: readonly VexStatement[];
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

/** Whether a product may be about something that was found. */
export function mayMatter({ names, digests = [], parts }: VexProduct, { packages }: VexWanted): boolean {
  const known = (purl: PackageUrl): boolean => packages.has(packageKey(purl));
  return (digests.length > 0 || names.some(known)) && (parts === undefined || parts.some(known));
}

/** Answers what documents say of findings: of statements about the same, the latest counts; of one time, the last. */
export class VexIndex {
  readonly #byVulnerability = new Map<string, { readonly statement: VexStatement; readonly document: VexSource }[]>();

  constructor(documents: readonly VexSource[]) {
    const latest = new Map<string, VexSource>();
    for (const document of documents) {
      const key = `${document.format} ${document.id}`;
      const other = latest.get(key);
      if (!other || isLater(document, other)) latest.set(key, document);
    }
    for (const document of documents.filter((each) => latest.get(`${each.format} ${each.id}`) === each))
      for (const statement of document.statements)
        for (const name of new Set(statement.vulnerabilities)) this.#add(name, { statement, document });
    for (const all of this.#byVulnerability.values()) all.sort((a, b) => a.statement.time - b.statement.time);
  }

  /** What is said of a vulnerability in a package of an image; undefined when nothing is. */
  verdict(vulnerability: string, image: ImageName, found: () => PackageUrl | undefined): VexVerdict | undefined {
    const all = this.#byVulnerability.get(vulnerability);
    if (!all) return undefined;
    const purl = found();
    const last = all.findLast(({ statement }) => statement.products.some((product) => matches(product, image, purl)));
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

function isLater({ revision }: VexDocument, other: VexDocument): boolean {
  const at = revision.findIndex((part, index) => part !== other.revision[index]);
  return at < 0 || (revision[at] ?? 0) > (other.revision[at] ?? 0);
}

/** A package as the product with packages in it says what depends on what: that is not known here, so it is about nothing. */
function matches({ names, digests = [], parts }: VexProduct, image: ImageName, found: PackageUrl | undefined): boolean {
  const ofImage = names.some((name) => isImage(name, image)) || digests.some((digest) => image.digests.includes(digest));
  const isFound = (purl: PackageUrl): boolean => found !== undefined && isAbout(purl, found);
  return parts === undefined ? ofImage || names.some(isFound) : ofImage && parts.some(isFound);
}
