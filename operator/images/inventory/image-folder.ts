import { closeSync, openSync, readdirSync, type Dirent } from 'node:fs';
import { join, relative } from 'node:path';
import { ExampleCount, type Examples } from './examples.ts';
import { nestedArchives, isJavaArchive } from './java-archives.ts';

/** The files of an image that the scanner's report does not cover. */
export interface UnknownFiles {
  /** Files and folders that the scanner has no permission to read. */
  readonly unreadable: Examples;
  /** Java archives that the scanner could not identify. */
  readonly unidentified: Examples;
}

/** The folders in the root that the scanner skips. */
const skippedFolders: ReadonlySet<string> = new Set(['dev', 'proc', 'sys']);

/**
 * Finds files in a mounted image that the scanner skips silently.
 * @param identified The paths, relative to the root, of archives that the scanner has identified.
 */
export async function findUnknownFiles(root: string, identified: ReadonlySet<string>): Promise<UnknownFiles> {
  const [unreadable, unidentified] = [new ExampleCount(), new ExampleCount()];
  for (const { path, closed } of entriesBelow(root)) {
    const name = relative(root, path);
    if (closed || !isReadable(path)) unreadable.add([name]);
    else if (isJavaArchive(path)) unidentified.add([name, ...(await within(name, path))].filter((archive) => !identified.has(archive)));
  }
  return { unreadable: unreadable.value(), unidentified: unidentified.value() };
}

const within = async (name: string, path: string): Promise<string[]> => (await nestedArchives(path)).map((inner) => `${name}/${inner}`);

/** The files below a folder, and the folders that cannot be listed. */
function* entriesBelow(root: string): Generator<{ readonly path: string; readonly closed: boolean }> {
  const open = [root];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = entriesOf(folder);
    if (!entries) yield { path: folder, closed: true };
    for (const entry of entries ?? []) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !(folder === root && skippedFolders.has(entry.name))) open.push(path);
      else if (entry.isFile()) yield { path, closed: false };
    }
  }
}

function entriesOf(folder: string): Dirent[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return undefined;
  }
}

function isReadable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}
