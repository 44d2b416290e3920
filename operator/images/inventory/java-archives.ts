import { extname } from 'node:path';
import { openPromise } from 'yauzl';

const extensions: ReadonlySet<string> = new Set(['.jar', '.war', '.ear', '.par']);

/** Whether the scanner takes a file for an archive of Java. */
export const isJavaArchive = (path: string): boolean => extensions.has(extname(path).toLowerCase());

/** The names of the archives that lie in an archive, as its table of contents has them: nothing is unpacked. What is no archive has none. */
export async function nestedArchives(path: string): Promise<string[]> {
  const found: string[] = [];
  try {
    const archive = await openPromise(path, { lazyEntries: true, autoClose: true });
    for await (const { fileName } of archive.eachEntry()) if (isJavaArchive(fileName)) found.push(fileName);
  } catch {
    // Broken, or of another kind: it is told as an archive that says nothing of itself.
  }
  return found;
}
