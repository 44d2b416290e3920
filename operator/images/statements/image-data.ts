import { createHash } from 'node:crypto';
import { RESOURCES } from '../../api/api-resource.ts';
import { LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isNotFound } from '../../kube/kube-api-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { listAll } from '../../kube/list.ts';
import { readCsaf } from './csaf.ts';
import { readEpss, readKev, type Exploitation } from './exploitation.ts';
import type { ImageFindings } from '../matching/image-finding.ts';
import { lastPathPart, type ImageName } from './image-name.ts';
import { readOpenVex } from './openvex.ts';
import { imagePackageKey, packageKey, packageUrl, type PackageUrl } from './package-url.ts';
import { VexIndex, type VexDocument, type VexSource, type VexWanted } from './vex.ts';

/** A document that is not used, and why. */
export interface DataProblem {
  readonly configMap: KubeObject;
  /** Names the key, and the place in the document. */
  readonly message: string;
}

/** What people give Vigil about vulnerabilities, as far as it is about what was found. */
export interface ImageData {
  readonly vex: VexIndex;
  readonly exploitation: ReadonlyMap<string, Exploitation>;
  readonly problems: readonly DataProblem[];
}

interface DataConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** The most package URLs that all statements together may have, of those that may matter: about 10 MB. */
const mostNames = 20_000;
const kinds = ['openvex', 'csaf', 'kev', 'epss'] as const;
type Kind = (typeof kinds)[number];

/** Reads the ConfigMaps of Vigil's namespace with the label `vigil.dev/image-data`, one at a time, and only when they or the findings changed. */
export class ImageDataReader {
  readonly #client: KubeClient;
  readonly #namespace: string;
  #mark = '';
  #data: ImageData = { vex: new VexIndex([]), exploitation: new Map(), problems: [] };

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** What the ConfigMaps say of these findings and images, and whether it was read anew. Throws what the server answers. */
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
    const wanted = configMaps.length === 0 ? nothing : await wantedOf(findings, images);
    const mark = markOf(configMaps, wanted);
    const isNew = mark !== this.#mark;
    if (isNew) this.#data = await this.#readAll(configMaps, wanted);
    this.#mark = mark;
    return { data: this.#data, isNew };
  }

  async #readAll(configMaps: readonly KubeObject[], wanted: VexWanted): Promise<ImageData> {
    const gathered = new Gathered(wanted);
    for (const { metadata } of configMaps) {
      try {
        const key = { namespace: this.#namespace, name: metadata.name };
        await gathered.take(await this.#client.get<DataConfigMap>(RESOURCES.configMaps, key));
      } catch (error) {
        // It went after it was listed.
        if (!isNotFound(error)) throw error;
      }
    }
    return gathered.data();
  }
}

const nothing: VexWanted = { vulnerabilities: new Set(), packages: new Set() };

/** What documents may be about that was found. */
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

/** The package URL of a finding; undefined when the scanner gave none, or none that is one. */
export function purlOf(text: string | undefined): PackageUrl | undefined {
  try {
    return text === undefined ? undefined : packageUrl(text);
  } catch {
    return undefined;
  }
}

/** Tells one state of the ConfigMaps and the findings from others. */
function markOf(configMaps: readonly KubeObject[], { vulnerabilities, packages }: VexWanted): string {
  const versions = configMaps.map(({ metadata: { name, uid, resourceVersion } }) => [name, uid, resourceVersion]);
  const hash = createHash('sha256').update(JSON.stringify(versions));
  for (const set of [vulnerabilities, packages]) hash.update(JSON.stringify([...set].toSorted()));
  return hash.digest('hex');
}

/** What was read so far. */
class Gathered {
  readonly #wanted: VexWanted;
  readonly #documents: VexSource[] = [];
  readonly #exploitation = new Map<string, Exploitation>();
  readonly #problems: DataProblem[] = [];
  #names = 0;

  constructor(wanted: VexWanted) {
    this.#wanted = wanted;
  }

  /** Takes the documents of a ConfigMap, each by itself: one that cannot be read leaves the others as they are. */
  async take(configMap: DataConfigMap): Promise<void> {
    const { metadata, data = {}, binaryData = {} } = configMap;
    const tell = (message: string): number =>
      this.#problems.push({ configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata }, message });
    const label = metadata.labels?.[LABELS.imageData] ?? '';
    const kind = kinds.find((each) => each === label);
    if (kind === undefined) {
      tell(`the label ${LABELS.imageData} is ${JSON.stringify(label)}: known are ${kinds.join(', ')}`);
      return;
    }
    const documents = [
      ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
      ...Object.entries(binaryData).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
    ].toSorted(([a], [b]) => (a < b ? -1 : 1));
    if (documents.length === 0) tell('there is no document in it');
    for (const [key, bytes] of documents) {
      try {
        await this.#read(kind, bytes, `${metadata.name}/${key}`);
      } catch (error) {
        // Nothing but the document is at work here: whatever goes wrong is its fault, and is told.
        tell(`${key} is not used: ${error instanceof Error ? error.message : String(error)}`);
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
    else if (kind === 'kev') for (const [id, kev] of await readKev(bytes, vulnerabilities)) this.#note(id, { kev });
    else for (const [id, epss] of await readEpss(bytes, vulnerabilities)) this.#note(id, { epss });
  }

  #keep(document: VexDocument, source: string): void {
    if (document.unmatchable > 0)
      throw new Error(
        `none of the ${document.unmatchable} products in its statements about what was found has a package URL to match it by`,
      );
    const products = document.statements.flatMap((statement) => statement.products);
    const names = products.reduce((sum, { names: own, parts = [] }) => sum + own.length + parts.length, 0);
    if (this.#names + names > mostNames)
      throw new Error(`with it there are more than ${mostNames} package URLs in the statements about what was found`);
    this.#names += names;
    this.#documents.push({ ...document, source });
  }

  #note(id: string, news: Exploitation): void {
    this.#exploitation.set(id, { ...this.#exploitation.get(id), ...news });
  }
}
