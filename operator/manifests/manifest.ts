import { UnreadableDocument } from './unreadable-document.ts';
import { jsonPositions } from './json-positions.ts';
import { jsonStream } from './json-stream.ts';
import { jsonShapeProblem, maximumDepth } from './json-shape.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { lineOfPath, type Positions } from './positions.ts';

/** A position in a file. Documents are counted from 0, lines from 1. */
export interface Source {
  readonly file: string;
  readonly document?: number;
  readonly line?: number;
}

/** A read error and its position. */
export interface ManifestError {
  readonly source: Source;
  readonly message: string;
}

/** An object in a file. */
export interface Manifest {
  readonly object: Record<string, unknown>;
  readonly file: string;
  readonly document: number;
  /** Returns the line of a path of the object, or without a path the line of the object. */
  lineOf(path?: string): number;
}

/** Returns the position of a path of an object, or without a path of the object. */
export const sourceAt = (manifest: Manifest, path?: string): Required<Source> => ({
  file: manifest.file,
  document: manifest.document,
  line: manifest.lineOf(path),
});

/** Returns an error at a path of an object. */
export const errorAt = (manifest: Manifest, path: string, message: string): ManifestError => ({
  source: sourceAt(manifest, path),
  message,
});

/** The objects of a file, and its read errors. */
export interface ManifestFile {
  readonly manifests: readonly Manifest[];
  readonly errors: readonly ManifestError[];
  /** The number of documents that are no manifests. See {@link ReadOptions}. */
  readonly others: number;
}

/** How a file is read. */
export interface ReadOptions {
  /**
   * Passes over documents that are no manifests, such as the values of a chart or a JSON patch. For files that nobody named, in a folder.
   * Default: they are errors.
   */
  readonly lenient?: boolean;
}

interface TextDocument {
  readonly lines: string[];
  /** The first line of the document in the file, from 1. */
  readonly firstLine: number;
}

/** In characters. Larger documents are generated, and generators write plain YAML or JSON. */
const fullReaderLimit = 8 * 1024 * 1024;

/** Splits YAML into documents, so that an error in one document does not affect the others. */
function documentsOf(text: string): readonly TextDocument[] {
  const documents: TextDocument[] = [];
  let current: TextDocument = { lines: [], firstLine: 1 };
  let began = false;
  const close = (): void => {
    if (began || current.lines.some(hasContent)) documents.push(current);
  };
  // The last line break ends the last line: no empty line follows it.
  for (const [index, line] of text.replace(/\n$/, '').split('\n').entries()) {
    const kind = markerOf(line);
    if (kind === undefined) {
      current.lines.push(line);
      continue;
    }
    close();
    began = kind === 'begin';
    current = began ? { lines: [line.slice(3)], firstLine: index + 1 } : { lines: [], firstLine: index + 2 };
  }
  close();
  return documents;
}

/** Returns whether a line begins or ends a document; undefined for other lines. */
function markerOf(line: string): 'begin' | 'end' | undefined {
  const first = line.charCodeAt(0);
  if (first === 45 && /^---(\s|$)/.test(line)) return 'begin';
  return first === 46 && /^\.\.\.(\s|$)/.test(line) ? 'end' : undefined;
}

const hasContent = (line: string): boolean => !/^\s*(#|%|$)/.test(line);

/** Returns a document for each object of a stream of JSON, as kubectl reads it. */
function streamOf(document: TextDocument): readonly TextDocument[] {
  if (
    document.lines
      .find((line) => line.trim() !== '')
      ?.trimStart()
      .startsWith('{') !== true
  )
    return [document];
  const parts = jsonStream(document.lines.join('\n'));
  if (parts === undefined) return [document];
  return parts.map(({ text, linesBefore }) => ({ lines: text.split('\n'), firstLine: document.firstLine + linesBefore }));
}

interface ReadDocument {
  readonly value: unknown;
  readonly positions: () => Positions;
}

async function readDocument({ lines, firstLine }: TextDocument): Promise<ReadDocument> {
  const first = lines.find((line) => line.trim() !== '')?.trimStart()[0];
  if (first === '{' || first === '[') {
    const json = readJson(lines.join('\n'), firstLine);
    if (json !== undefined) return json;
  }
  const plain = readPlainYaml([...lines], firstLine);
  if (plain !== undefined) return { value: plain.value, positions: () => plain.positions };
  const text = `${lines.join('\n')}\n`;
  if (text.length > fullReaderLimit)
    throw new UnreadableDocument(
      `the document is too large (${text.length} characters) for its YAML features. Convert it to JSON, which has no such limit`,
      firstLine,
    );
  const { readFullYaml } = await import('./full-yaml.ts');
  const full = readFullYaml(text, firstLine);
  return { value: full.value, positions: () => full.positions };
}

function readJson(text: string, firstLine: number): ReadDocument | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const problem = jsonShapeProblem(text, value);
  if (problem === 'depth') throw new UnreadableDocument(`nested deeper than ${maximumDepth} levels`, firstLine);
  if (problem === 'duplicates') jsonPositions(text, value, firstLine);
  let positions: Positions | undefined;
  return { value, positions: () => (positions ??= jsonPositions(text, value, firstLine)) };
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const hasName = ({ metadata }: Record<string, unknown>): boolean => isMap(metadata) && (metadata['name'] ?? '') !== '';

const typeNameOf = (value: unknown): string => {
  if (value === null) return 'nothing';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'a map';
  return `a ${typeof value}`;
};

/**
 * Returns whether an object is a list of objects, such as a `List` or a `PodList`. A list has no name: a custom resource with one is an
 * object, also if its kind ends in List and it has items. Programs in Go write null for no items.
 */
export const isList = (value: Record<string, unknown>): boolean =>
  typeof value['kind'] === 'string' &&
  value['kind'].endsWith('List') &&
  (Array.isArray(value['items']) || value['items'] === null) &&
  (value['kind'] === 'List' || !hasName(value));

/** The items of a list. */
export const itemsOf = (list: Record<string, unknown>): readonly unknown[] => (list['items'] ?? []) as readonly unknown[];

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** Whether somebody meant a document as a manifest. It has a kind and a version, or one of them and metadata, or a name and a spec. */
function isMeantAsManifest(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => isMap(item) && isSet(item['apiVersion']) && isSet(item['kind']));
  if (!isMap(value)) return false;
  const { apiVersion, kind, metadata, spec } = value;
  if (isSet(apiVersion) && isSet(kind)) return true;
  return isSet(apiVersion) || isSet(kind) ? isMap(metadata) : hasName(value) && isMap(spec);
}

/** Sets `apiVersion` and `kind` of an item from its list, such as `PodList`, if both are missing. Changes the item in place. */
export function withListType(item: Record<string, unknown>, list: Record<string, unknown>): Record<string, unknown> {
  const kind = String(list['kind']).slice(0, -'List'.length);
  if (kind === '' || item['kind'] !== undefined || item['apiVersion'] !== undefined) return item;
  item['kind'] = kind;
  item['apiVersion'] = list['apiVersion'];
  return item;
}

function messageOf(failure: unknown): string {
  const message = failure instanceof Error ? failure.message : String(failure);
  return message.includes('call stack') ? 'nested too deeply' : message;
}

class FileReader {
  readonly #file: string;
  readonly #manifests: Manifest[] = [];
  readonly #errors: ManifestError[] = [];
  readonly #lenient: boolean;
  #others = 0;

  constructor(file: string, lenient: boolean) {
    this.#file = file;
    this.#lenient = lenient;
  }

  async read(text: string): Promise<ManifestFile> {
    for (const [document, part] of documentsOf(text).flatMap(streamOf).entries()) await this.#document(part, document);
    return { manifests: this.#manifests, errors: this.#errors, others: this.#others };
  }

  async #document(part: TextDocument, document: number): Promise<void> {
    try {
      const read = await readDocument(part);
      const start = part.firstLine + Math.max(0, part.lines.findIndex(hasContent));
      if (read.value === null) return;
      if (this.#lenient && !isMeantAsManifest(read.value)) this.#others += 1;
      else this.#object(read.value, { read, root: read.value, base: '', document, start });
    } catch (failure) {
      const line = failure instanceof UnreadableDocument ? failure.line : part.firstLine;
      this.#error(document, line, messageOf(failure));
    }
  }

  #object(value: unknown, at: { read: ReadDocument; root: unknown; base: string; document: number; start: number }): void {
    const lineOf = (path = ''): number => lineOfPath(at.root, at.read.positions(), at.base === '' ? path : `${at.base}.${path}`, at.start);
    if (!isMap(value)) {
      this.#error(at.document, lineOf(), `expected an object, found ${typeNameOf(value)}`);
      return;
    }
    if (isList(value)) {
      for (const [index, item] of itemsOf(value).entries()) {
        const base = at.base === '' ? `items[${index}]` : `${at.base}.items[${index}]`;
        this.#object(isMap(item) ? withListType(item, value) : item, { ...at, base });
      }
      return;
    }
    if (value['kind'] === 'List' && value['items'] !== undefined) {
      this.#error(at.document, lineOf('items'), `items must be a list, found ${typeNameOf(value['items'])}`);
      return;
    }
    this.#manifests.push({ object: value, file: this.#file, document: at.document, lineOf });
  }

  #error(document: number, line: number, message: string): void {
    this.#errors.push({ source: { file: this.#file, document, line }, message });
  }
}

/** Reads the text of a file: YAML with any number of documents, or JSON. Lists are replaced by their items. Never rejects. */
export async function readManifests(file: string, text: string, { lenient = false }: ReadOptions = {}): Promise<ManifestFile> {
  const plain = (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).replaceAll('\r\n', '\n');
  if (plain.includes('\0')) return { manifests: [], errors: [{ source: { file }, message: 'not a text file' }], others: 0 };
  return new FileReader(file, lenient).read(plain);
}
