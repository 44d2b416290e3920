import { closeSync, openSync, readdirSync, type Dirent } from 'node:fs';
import { join, relative } from 'node:path';

/** What of an image could not be read: it belongs to somebody whom the scanner is not. */
export interface Unreadable {
  /** Files, and folders whose content nobody can tell. */
  readonly count: number;
  /** Some of them, as paths in the image. */
  readonly examples: readonly string[];
}

const mostExamples = 5;
/** What the scanner passes over at the root. */
const passedOver: ReadonlySet<string> = new Set(['dev', 'proc', 'sys']);

/** Counts the files and folders below a folder that this process may not read: the scanner leaves them out without a word. */
export function unreadableIn(root: string): Unreadable {
  const examples: string[] = [];
  let count = 0;
  const open = [root];
  const miss = (path: string): void => {
    count++;
    if (examples.length < mostExamples) examples.push(relative(root, path));
  };
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = entriesOf(folder);
    if (!entries) miss(folder);
    for (const entry of entries ?? []) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !(folder === root && passedOver.has(entry.name))) open.push(path);
      else if (entry.isFile() && !isReadable(path)) miss(path);
    }
  }
  return { count, examples };
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
