import { isAscii, isUtf8 } from 'node:buffer';
import { type Dirent, lstatSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Manifest, type ManifestError, readManifests } from '../../manifests/manifest.ts';
import { chartMessage, chartOfTemplates, isKustomization, isTemplated, type PatchFile, patchFilesOf } from '../files/folder-roles.ts';
import type { Io } from './io.ts';

/** The objects and errors from the paths of a command line. */
export interface ManifestFiles {
  readonly manifests: readonly Manifest[];
  readonly errors: readonly ManifestError[];
  /** Files in folders that were passed over, because they have documents but no manifest. */
  readonly others: readonly string[];
  /** Files in folders that a kustomization among the folders uses as patches. Their objects are left out. */
  readonly patches: readonly PatchFile[];
}

const extensions = /\.(ya?ml|json)$/i;
/** In bytes. Larger files are refused, because a string cannot hold a gigabyte of text. */
const maximumSize = 256 * 1024 * 1024;
const causes: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ELOOP: 'too many levels of symbolic links',
  EISDIR: 'is a directory',
  EMFILE: 'too many open files',
};

/** Why a file could not be read, in words. */
export function causeOf(failure: unknown): string {
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : '';
  return causes[code] ?? (failure instanceof Error ? failure.message : String(failure));
}

const mentionsObject = /"(apiVersion|kind)"\s*:/;
/** Decodes UTF-8. Returns undefined if the bytes are not valid UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(buffer)) return buffer.toString('latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : undefined;
}

class Collector {
  #manifests: Manifest[] = [];
  /** Files in folders that have manifests. */
  readonly #found = new Set<string>();
  /** The kustomization of each patch, by the absolute path of the patch. */
  readonly #patches = new Map<string, string>();
  /** The number of templates by Helm chart. */
  readonly #charts = new Map<string, number>();
  readonly patches: PatchFile[] = [];
  readonly errors: ManifestError[] = [];
  readonly others: string[] = [];
  /** Named files without any document, such as a template that renders to comments. */
  readonly #empty: string[] = [];
  readonly #folders = new Set<string>();
  readonly #io: Io;

  constructor(io: Io) {
    this.#io = io;
  }

  /** The number of what was found so far. */
  get #size(): number {
    return this.#manifests.length + this.errors.length + this.#charts.size;
  }

  get manifests(): readonly Manifest[] {
    return this.#manifests;
  }

  async path(path: string): Promise<void> {
    const before = this.#size;
    let isFolder = false;
    if (path === '-') await this.#text('-', () => this.#io.input());
    else isFolder = await this.#entry(path, true);
    if (this.#size > before) return;
    if (isFolder) this.#fail(path, 'no manifest found');
    else this.#empty.push(path);
  }

  /** Reports the files without documents if nothing else was found: then nothing was evaluated. */
  end(): void {
    for (const [chart, templates] of this.#charts) this.#fail(chart, chartMessage(chart, templates));
    this.#removePatches();
    if (this.#manifests.length + this.errors.length === 0) for (const path of this.#empty) this.#fail(path, 'no manifest found');
  }

  /** Removes the manifests of files that are patches: they are parts of objects. Files that were named are kept. */
  #removePatches(): void {
    for (const file of this.#found) {
      const kustomization = this.#patches.get(resolve(file));
      if (kustomization !== undefined) this.patches.push({ file, kustomization });
    }
    const removed = new Set(this.patches.map(({ file }) => file));
    const before = this.#manifests.length;
    this.#manifests = this.#manifests.filter(({ file }) => !removed.has(file));
    const [first] = this.patches;
    if (first !== undefined && before > 0 && this.#manifests.length + this.errors.length === 0)
      this.#fail(first.kustomization, 'all objects are patches of kustomizations: scan the output of kustomize build');
  }

  /** Returns whether the entry is a folder. */
  async #entry(path: string, named: boolean): Promise<boolean> {
    let status: Stats;
    try {
      status = statSync(path);
    } catch (failure) {
      if (named || isManifestLink(path)) this.#fail(path, causeOf(failure));
      return false;
    }
    if (status.isDirectory()) await this.#folder(path);
    else if (named || (extensions.test(path) && status.isFile())) await this.#file(path, status.size, named);
    return status.isDirectory();
  }

  /** Reads each folder once, even if several links point to it. */
  async #folder(path: string): Promise<void> {
    let entries: Dirent[];
    try {
      const real = realpathSync(path);
      if (this.#folders.has(real)) return;
      this.#folders.add(real);
      entries = readdirSync(path, { withFileTypes: true });
    } catch (failure) {
      this.#fail(path, causeOf(failure));
      return;
    }
    const wanted = entries.filter(({ name }) => !name.startsWith('.') && name !== 'node_modules');
    const kustomization = entries.find(({ name }) => isKustomization(name));
    if (kustomization !== undefined) await this.#kustomization(join(path, kustomization.name));
    for (const entry of wanted.sort((a, b) => (a.name < b.name ? -1 : 1))) await this.#folderEntry(path, entry);
  }

  async #kustomization(path: string): Promise<void> {
    for (const file of await patchFilesOf(path)) this.#patches.set(file, path);
  }

  /** Reads an entry of a folder. Ignores regular files with another extension without a stat call. */
  async #folderEntry(folder: string, entry: Dirent): Promise<void> {
    if (!entry.isFile() || extensions.test(entry.name)) await this.#entry(join(folder, entry.name), false);
  }

  async #file(path: string, size: number, named: boolean): Promise<void> {
    if (size > maximumSize) {
      this.#fail(path, `the file is larger than ${maximumSize / 1024 / 1024} MiB`);
      return;
    }
    await this.#text(path, () => readFileSync(path), !named);
  }

  /** `lenient`: passes over documents that are no manifests. Set for files in a folder. */
  async #text(path: string, read: () => Uint8Array | Promise<Uint8Array>, lenient = false): Promise<void> {
    let text: string | undefined;
    try {
      text = textOf(await read());
    } catch (failure) {
      this.#fail(path, causeOf(failure));
      return;
    }
    if (text === undefined) {
      this.#fail(path, 'not a text file (UTF-8)');
      return;
    }
    if (lenient && this.#isTemplate(path, text)) return;
    await this.#documents(path, text, lenient);
  }

  /** Counts a template of a Helm chart. Returns whether the file is one. */
  #isTemplate(path: string, text: string): boolean {
    const chart = isTemplated(text) ? chartOfTemplates(dirname(path)) : undefined;
    if (chart !== undefined) this.#charts.set(chart, (this.#charts.get(chart) ?? 0) + 1);
    return chart !== undefined;
  }

  async #documents(path: string, text: string, lenient: boolean): Promise<void> {
    const { manifests, errors, others } = await readManifests(path, text, { lenient });
    this.#manifests.push(...manifests);
    if (lenient && manifests.length > 0) this.#found.add(path);
    if (others > 0 && manifests.length === 0) this.others.push(path);
    // JSON with comments is no JSON, but the configuration of many tools.
    const isOther = lenient && path.toLowerCase().endsWith('.json') && manifests.length === 0 && !mentionsObject.test(text);
    if (!isOther) this.errors.push(...errors);
  }

  #fail(file: string, message: string): void {
    this.errors.push({ source: { file }, message });
  }
}

/** Returns whether a path is a symbolic link with the extension of a manifest. Other broken links are ignored. */
function isManifestLink(path: string): boolean {
  try {
    return extensions.test(path) && lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Reads files, folders (their YAML and JSON files, sorted by name) and `-` (standard input). Never rejects. */
export async function readManifestFiles(paths: readonly string[], io: Io): Promise<ManifestFiles> {
  const collector = new Collector(io);
  for (const path of paths) await collector.path(path);
  collector.end();
  return collector;
}
