import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, type ManifestError, readManifests } from '../manifests/manifest.ts';
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
const decoder = new TextDecoder('utf-8', { fatal: true });

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
    try {
      const status = await stat(path);
      if (status.isDirectory()) await this.#folder(path);
      else if (named || (extensions.test(path) && status.isFile())) await this.#file(path, status.size, named);
    } catch (failure) {
      if (named || (await isManifestLink(path))) this.#fail(path, causeOf(failure));
    }
  }

  /** Each folder once, however many links lead to it. */
  async #folder(path: string): Promise<void> {
    const real = await realpath(path);
    if (this.#folders.has(real)) return;
    this.#folders.add(real);
    const entries = await readdir(path);
    for (const name of entries.sort()) {
      if (!name.startsWith('.') && name !== 'node_modules') await this.#entry(join(path, name), false);
    }
  }

  async #file(path: string, size: number, named: boolean): Promise<void> {
    if (size > maximumSize) {
      this.#fail(path, `the file is larger than ${maximumSize / 1024 / 1024} MiB`);
      return;
    }
    await this.#text(path, () => readFile(path), !named && path.toLowerCase().endsWith('.json'));
  }

  /** `lenient`: a JSON file that was only found, and holds no object of Kubernetes, not even a broken one, is none of ours. */
  async #text(path: string, read: () => Promise<Uint8Array>, lenient = false): Promise<void> {
    let text: string;
    try {
      text = decoder.decode(await read());
    } catch (failure) {
      this.#fail(path, failure instanceof TypeError ? 'not a text file (UTF-8)' : causeOf(failure));
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
async function isManifestLink(path: string): Promise<boolean> {
  try {
    return extensions.test(path) && (await lstat(path)).isSymbolicLink();
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
