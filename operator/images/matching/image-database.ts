import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lastLine } from '../../jobs/exit-message.ts';

/** The location of the vulnerability database: an image that is mounted, or a repository with an OCI artifact that the Job downloads. */
export type ImageDatabase = { readonly image: string } | { readonly repository: string };

/** The message if no database is configured. */
export const NO_DATABASE = 'no vulnerability database is configured: set --database-image or --database-repository of the operator';

/** Returns the configured database; undefined if there is none. */
export function configuredDatabase({
  databaseImage: image,
  databaseRepository: repository,
}: {
  readonly databaseImage?: string | undefined;
  readonly databaseRepository?: string | undefined;
}): ImageDatabase | undefined {
  if (image !== undefined) return { image };
  return repository === undefined ? undefined : { repository };
}

/** The name of a database in findings. */
export const databaseName = (database: ImageDatabase): string => ('image' in database ? database.image : database.repository);

/** The arguments of `vigil match` for a database. */
export const databaseArguments = (database: ImageDatabase): string[] =>
  'image' in database ? [] : [`--repository=${database.repository}`];

/** The timeout of the download in milliseconds. */
const downloadTimeout = 300_000;

/** Runs the scanner to download the database from a repository into `cache/db` in a folder. Throws an error with the scanner's reason. */
export async function fetchDatabase(work: string, repository: string, signal: AbortSignal): Promise<void> {
  const options = ['image', '--download-db-only', '--quiet', '--no-progress', '--skip-version-check', '--disable-telemetry'];
  try {
    await promisify(execFile)(join(work, 'trivy'), [...options, '--cache-dir', join(work, 'cache'), '--db-repository', repository], {
      env: { HOME: work, TMPDIR: work, PATH: '/usr/local/bin:/usr/bin:/bin' },
      signal,
      timeout: downloadTimeout,
      killSignal: 'SIGKILL',
    });
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`the vulnerability database cannot be downloaded from ${repository}: ${lastLine(stderr) ?? message}`, { cause: error });
  }
}
