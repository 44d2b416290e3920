import { extname } from 'node:path';
import { openPromise } from 'yauzl';

const extensions: ReadonlySet<string> = new Set(['.jar', '.war', '.ear', '.par']);

/** Whether the scanner treats a file as a Java archive. */
export const isJavaArchive = (path: string): boolean => extensions.has(extname(path).toLowerCase());

/**
 * Returns the names of the Java archives in an archive, from its table of contents. Unpacks nothing. Returns none if the file is not an
 * archive.
 */
export async function nestedArchives(path: string): Promise<string[]> {
  const found: string[] = [];
  try {
    const archive = await openPromise(path, { lazyEntries: true, autoClose: true });
    for await (const { fileName } of archive.eachEntry()) if (isJavaArchive(fileName)) found.push(fileName);
  } catch {
    // The file is broken or not an archive. The caller reports it as unidentified.
  }
  return found;
}
