import { closeSync, openSync, readdirSync, type Dirent } from 'node:fs';
import { join, relative } from 'node:path';
import { ExampleCount, type Examples } from './examples.ts';
import { nestedArchives, isJavaArchive } from './java-archives.ts';

/** What is in an image, and not in what the scanner says of it. */
export interface UnknownFiles {
  /** Files, and folders whose content nobody can tell: they belong to somebody whom the scanner is not. */
  readonly unreadable: Examples;
  /** Archives of Java that do not say what they are. */
  readonly unidentified: Examples;
}

/** What the scanner passes over at the root. */
const passedOver: ReadonlySet<string> = new Set(['dev', 'proc', 'sys']);

/**
 * Looks below the root of an image that is mounted for what the scanner leaves out without a word.
 * @param told The paths, from the root, of archives that the scanner has a package of.
 */
export async function findUnknownFiles(root: string, told: ReadonlySet<string>): Promise<UnknownFiles> {
  const [unreadable, unidentified] = [new ExampleCount(), new ExampleCount()];
  for (const { path, closed } of entriesBelow(root)) {
    const name = relative(root, path);
    if (closed || !isReadable(path)) unreadable.add([name]);
    else if (isJavaArchive(path)) unidentified.add([name, ...(await within(name, path))].filter((archive) => !told.has(archive)));
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
      if (entry.isDirectory() && !(folder === root && passedOver.has(entry.name))) open.push(path);
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
