import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A database of the scanner's in a mounted image. */
export interface MountedDatabase {
  /** Where the image is mounted. */
  readonly root: string;
  /** The folder in it, called as in the scanner's cache. */
  readonly folder: 'db' | 'java-db';
  readonly file: string;
  /** What the image is, for people. */
  readonly image: string;
}

/** What tells a database's age, beside its file. */
export const DATABASE_METADATA = 'metadata.json';

/** Has the scanner's cache hold a mounted database. Throws, naming the file, where the image has none. */
export function linkMountedDatabase({ root, folder, file, image }: MountedDatabase, cache: string): void {
  const missing = [file, DATABASE_METADATA].find((each) => !existsSync(join(root, folder, each)));
  if (missing !== undefined) throw new Error(`${image} has no /${folder}/${missing}`);
  symlinkSync(join(root, folder), join(cache, folder));
}
