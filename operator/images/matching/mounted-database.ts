import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A Trivy database in a mounted image. */
export interface MountedDatabase {
  /** The mount path of the image. */
  readonly root: string;
  /** The folder in the image. It has the same name in the scanner's cache. */
  readonly folder: 'db' | 'java-db';
  readonly file: string;
  /** A description of the image for error messages. */
  readonly image: string;
}

/** The name of the file with a database's build time. */
export const DATABASE_METADATA = 'metadata.json';

/** Links a mounted database into the scanner's cache. Throws an error with the file name if the image does not have it. */
export function linkMountedDatabase({ root, folder, file, image }: MountedDatabase, cache: string): void {
  const missing = [file, DATABASE_METADATA].find((each) => !existsSync(join(root, folder, each)));
  if (missing !== undefined) throw new Error(`${image} has no /${folder}/${missing}`);
  symlinkSync(join(root, folder), join(cache, folder));
}
