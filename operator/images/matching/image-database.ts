import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lastLine } from '../../jobs/exit-message.ts';

/** Where the vulnerability database is: an image that is mounted, or an artifact as Trivy publishes its own, that the Job fetches. */
export type ImageDatabase = { readonly image: string } | { readonly repository: string };

/** What is said while there is none. */
export const NO_DATABASE = 'no vulnerability database is configured: give the operator --database-image or --database-repository';

/** The one that is configured; undefined when none is. */
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

/** What findings name it by. */
export const databaseName = (database: ImageDatabase): string => ('image' in database ? database.image : database.repository);

/** The arguments of `vigil match` with it. */
export const databaseArguments = (database: ImageDatabase): string[] =>
  'image' in database ? [] : [`--repository=${database.repository}`];

/** Milliseconds that fetching may take. */
const patience = 300_000;

/** Has the scanner fetch the database from a repository into `cache/db` below a folder. Throws with its reason. */
export async function fetchDatabase(work: string, repository: string, signal: AbortSignal): Promise<void> {
  const options = ['image', '--download-db-only', '--quiet', '--no-progress', '--skip-version-check', '--disable-telemetry'];
  try {
    await promisify(execFile)(join(work, 'trivy'), [...options, '--cache-dir', join(work, 'cache'), '--db-repository', repository], {
      env: { HOME: work, TMPDIR: work, PATH: '/usr/local/bin:/usr/bin:/bin' },
      signal,
      timeout: patience,
      killSignal: 'SIGKILL',
    });
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`the vulnerability database cannot be fetched from ${repository}: ${lastLine(stderr) ?? message}`, { cause: error });
  }
}
