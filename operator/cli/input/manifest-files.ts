import { isAscii, isUtf8 } from 'node:buffer';
import { type Dirent, lstatSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, type ManifestError, readManifests } from '../../manifests/manifest.ts';
import type { Io } from './io.ts';

/** What was read from the paths of a command line. */
export interface ManifestFiles {
  readonly manifests: readonly Manifest[];
  readonly errors: readonly ManifestError[];
}

const extensions = /\.(ya?ml|json)$/i;
/** A gigabyte of text would not fit: files past this are refused, not cut. */
const maximumSize = 256 * 1024 * 1024;
const causes: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ELOOP: 'a loop of symbolic links',
  EISDIR: 'is a directory',
  EMFILE: 'too many open files',
};

function causeOf(failure: unknown): string {
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : '';
  return causes[code] ?? (failure instanceof Error ? failure.message : String(failure));
}

const mentionsObject = /"(apiVersion|kind)"\s*:/;
/** The text of bytes in UTF-8; undefined where they are no text. */
function textOf(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(buffer)) return buffer.toString('latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : undefined;
}

class Collector {
  readonly manifests: Manifest[] = [];
  readonly errors: ManifestError[] = [];
  readonly #folders = new Set<string>();
  readonly #io: Io;

  constructor(io: Io) {
    this.#io = io;
  }

  async path(path: string): Promise<void> {
    const before = this.manifests.length + this.errors.length;
    if (path === '-') await this.#text('-', () => this.#io.input());
    else await this.#entry(path, true);
    if (this.manifests.length + this.errors.length === before) this.#fail(path, 'holds no manifest');
  }

  async #entry(path: string, named: boolean): Promise<void> {
    let status: Stats;
    try {
      status = statSync(path);
    } catch (failure) {
      if (named || isManifestLink(path)) this.#fail(path, causeOf(failure));
      return;
    }
    if (status.isDirectory()) await this.#folder(path);
    else if (named || (extensions.test(path) && status.isFile())) await this.#file(path, status.size, named);
  }

  /** Each folder once, however many links lead to it. */
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
    for (const entry of wanted.sort((a, b) => (a.name < b.name ? -1 : 1))) await this.#found(path, entry);
  }

  /** Something in a folder. Plain files of other kinds are passed over without a look. */
  async #found(folder: string, entry: Dirent): Promise<void> {
    if (!entry.isFile() || extensions.test(entry.name)) await this.#entry(join(folder, entry.name), false);
  }

  async #file(path: string, size: number, named: boolean): Promise<void> {
    if (size > maximumSize) {
      this.#fail(path, `the file is larger than ${maximumSize / 1024 / 1024} MiB`);
      return;
    }
    await this.#text(path, () => readFileSync(path), !named && path.toLowerCase().endsWith('.json'));
  }

  /** `lenient`: a JSON file that was only found, and holds no object of Kubernetes, not even a broken one, is none of ours. */
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
    const { manifests, errors } = await readManifests(path, text);
    const ours = lenient ? manifests.filter(({ object }) => 'apiVersion' in object || 'kind' in object) : manifests;
    this.manifests.push(...ours);
    if (!lenient || manifests.length > 0 || mentionsObject.test(text)) this.errors.push(...errors);
  }

  #fail(file: string, message: string): void {
    this.errors.push({ source: { file }, message });
  }
}

/** Whether a path that cannot be followed is a link that looks like a manifest; other broken links are none of ours. */
function isManifestLink(path: string): boolean {
  try {
    return extensions.test(path) && lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Reads files, folders (YAML and JSON files in them, in the order of their names) and `-`, standard input. Never rejects. */
export async function readManifestFiles(paths: readonly string[], io: Io): Promise<ManifestFiles> {
  const collector = new Collector(io);
  for (const path of paths) await collector.path(path);
  return collector;
}
