import { createHash } from 'node:crypto';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { RESOURCES } from '../../api/api-resource.ts';
import { LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isNotFound } from '../../kube/client/kube-api-error.ts';
import { listAll, type ListClient } from '../../kube/list.ts';
import { readCsaf } from './csaf.ts';
import { readEpss, readKev, type Exploitation } from './exploitation.ts';
import type { ImageFindings } from '../matching/image-finding.ts';
import { lastPathPart, type ImageName } from './image-name.ts';
import { readOpenVex } from './openvex.ts';
import { imagePackageKey, packageKey, packageUrl, type PackageUrl } from './package-url.ts';
import { VexIndex, type VexDocument, type VexSource, type VexWanted } from './vex.ts';

/** A document that cannot be used, and the reason. */
export interface DataProblem {
  readonly configMap: KubeObject;
  /** Contains the key in the ConfigMap and the location in the document. */
  readonly message: string;
}

/** The content of the vulnerability documents that applies to the findings. */
export interface ImageData {
  readonly vex: VexIndex;
  readonly exploitation: ReadonlyMap<string, Exploitation>;
  readonly problems: readonly DataProblem[];
}

interface DataConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** The maximum number of package URLs in all relevant statements: about 10 MB. */
const maxPackageUrls = 20_000;
const kinds = ['openvex', 'csaf', 'kev', 'epss'] as const;
type Kind = (typeof kinds)[number];

/**
 * Reads the ConfigMaps with the label `vigil.dev/image-data` in Vigil's namespace, one at a time. Reads them again only if they or the
 * findings changed.
 */
export class ImageDataReader {
  readonly #client: ListClient & Pick<KubeClient, 'get'>;
  readonly #namespace: string;
  #hash = '';
  #data: ImageData = { vex: new VexIndex([]), exploitation: new Map(), problems: [] };

  constructor(client: ListClient & Pick<KubeClient, 'get'>, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** Returns the data for these findings and images, and whether the ConfigMaps were read again. Throws the error of the API server. */
  async read(
    findings: AsyncIterable<ImageFindings> | Iterable<ImageFindings>,
    images: Iterable<ImageName>,
    signal?: AbortSignal,
  ): Promise<{ readonly data: ImageData; readonly isNew: boolean }> {
    const namespace = this.#namespace;
    const found = await listAll(this.#client, RESOURCES.configMaps, {
      namespace,
      labelSelector: LABELS.imageData,
      metadataOnly: true,
      signal,
    });
    const configMaps = found.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const wanted = configMaps.length === 0 ? wantsNothing : await wantedOf(findings, images);
    const hash = stateHash(configMaps, wanted);
    const isNew = hash !== this.#hash;
    if (isNew) this.#data = await this.#readAll(configMaps, wanted);
    this.#hash = hash;
    return { data: this.#data, isNew };
  }

  async #readAll(configMaps: readonly KubeObject[], wanted: VexWanted): Promise<ImageData> {
    const collector = new DocumentCollector(wanted);
    for (const { metadata } of configMaps) {
      try {
        const key = { namespace: this.#namespace, name: metadata.name };
        await collector.take(await this.#client.get<DataConfigMap>(RESOURCES.configMaps, key));
      } catch (error) {
        // The ConfigMap was deleted after it was listed.
        if (!isNotFound(error)) throw error;
      }
    }
    return collector.data();
  }
}

const wantsNothing: VexWanted = { vulnerabilities: new Set(), packages: new Set() };

/** Returns the vulnerabilities and packages of the findings and images, which documents may refer to. */
async function wantedOf(findings: AsyncIterable<ImageFindings> | Iterable<ImageFindings>, images: Iterable<ImageName>): Promise<VexWanted> {
  const [vulnerabilities, purls] = [new Set<string>(), new Set<string>()];
  for await (const each of findings) {
    for (const { id, purl } of each.vulnerabilities) {
      vulnerabilities.add(id);
      if (purl !== undefined) purls.add(purl);
    }
  }
  const names = [...images].flatMap(({ repositories }) => repositories.map((repository) => imagePackageKey(lastPathPart(repository))));
  const keys = [...purls].flatMap((purl) => purlOf(purl) ?? []).map(packageKey);
  return { vulnerabilities, packages: new Set([...names, ...keys]) };
}

/** Parses the package URL of a finding; undefined if it is missing or invalid. */
export function purlOf(text: string | undefined): PackageUrl | undefined {
  try {
    return text === undefined ? undefined : packageUrl(text);
  } catch {
    return undefined;
  }
}

/** Returns a hash of the ConfigMaps' versions and the findings. */
function stateHash(configMaps: readonly KubeObject[], { vulnerabilities, packages }: VexWanted): string {
  const versions = configMaps.map(({ metadata: { name, uid, resourceVersion } }) => [name, uid, resourceVersion]);
  const hash = createHash('sha256').update(JSON.stringify(versions));
  for (const set of [vulnerabilities, packages]) hash.update(JSON.stringify([...set].toSorted()));
  return hash.digest('hex');
}

/** Collects the relevant content of documents. */
class DocumentCollector {
  readonly #wanted: VexWanted;
  readonly #documents: VexSource[] = [];
  readonly #exploitation = new Map<string, Exploitation>();
  readonly #problems: DataProblem[] = [];
  #names = 0;

  constructor(wanted: VexWanted) {
    this.#wanted = wanted;
  }

  /** Reads the documents of a ConfigMap. An invalid document does not affect the others. */
  async take(configMap: DataConfigMap): Promise<void> {
    const { metadata, data = {}, binaryData = {} } = configMap;
    const report = (message: string): number =>
      this.#problems.push({ configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata }, message });
    const label = metadata.labels?.[LABELS.imageData] ?? '';
    const kind = kinds.find((each) => each === label);
    if (kind === undefined) {
      report(`label ${LABELS.imageData} is ${JSON.stringify(label)}: expected one of ${kinds.join(', ')}`);
      return;
    }
    const documents = [
      ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
      ...Object.entries(binaryData).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
    ].toSorted(([a], [b]) => (a < b ? -1 : 1));
    if (documents.length === 0) report('the ConfigMap has no documents');
    for (const [key, bytes] of documents) {
      try {
        await this.#read(kind, bytes, `${metadata.name}/${key}`);
      } catch (error) {
        // Only the document can cause an error here, so every error is reported for it.
        report(`${key} is not used: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  data(): ImageData {
    return { vex: new VexIndex(this.#documents), exploitation: this.#exploitation, problems: this.#problems };
  }

  async #read(kind: Kind, bytes: Buffer, source: string): Promise<void> {
    const { vulnerabilities } = this.#wanted;
    if (kind === 'openvex') this.#keep(await readOpenVex(bytes, this.#wanted), source);
    else if (kind === 'csaf') this.#keep(await readCsaf(bytes, this.#wanted), source);
    else if (kind === 'kev') for (const [id, kev] of await readKev(bytes, vulnerabilities)) this.#addExploitation(id, { kev });
    else for (const [id, epss] of await readEpss(bytes, vulnerabilities)) this.#addExploitation(id, { epss });
  }

  #keep(document: VexDocument, source: string): void {
    if (document.unmatchable > 0)
      throw new Error(`none of the ${document.unmatchable} products in its statements about the findings has a package URL or digest`);
    const products = document.statements.flatMap((statement) => statement.products);
    const names = products.reduce((sum, { names: own, parts = [] }) => sum + own.length + parts.length, 0);
    if (this.#names + names > maxPackageUrls)
      throw new Error(`with this document, the statements about the findings have more than ${maxPackageUrls} package URLs`);
    this.#names += names;
    this.#documents.push({ ...document, source });
  }

  #addExploitation(id: string, data: Exploitation): void {
    this.#exploitation.set(id, { ...this.#exploitation.get(id), ...data });
  }
}
