import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { unpackDocument } from '../../kube/documents/document-format.ts';
import { writeStreamLine, type PrintLine } from '../../stream/stream-output.ts';
import { StreamWriter } from '../../stream/stream-writer.ts';
import { cycloneDx } from './cyclonedx.ts';
import { vulnerabilityOf, type MatchBody, type MatchRecord, type TrivyVulnerability, type Vulnerability } from './image-finding.ts';
import { fetchDatabase } from './image-database.ts';
import { INVENTORY, type InventoryDocument } from '../inventory/inventory-document.ts';
import { exitMessage } from '../../jobs/exit-message.ts';
import { DATABASE_METADATA, linkMountedDatabase } from './mounted-database.ts';
import { trivyReport } from '../inventory/trivy-report.ts';
import { imageHash } from '../targets/image-names.ts';

/**
 * The stream size in bytes after which no further inventory is matched: well below the kubelet's log rotation of 10 MiB. Another Job
 * matches the rest.
 */
const maxStreamBytes = 4 * 1024 * 1024;
const bomFile = 'bom.json';
const mounted = { folder: 'db', file: 'trivy.db', image: 'the image with the vulnerability database' } as const;

interface Folders {
  readonly input: string;
  /** The scanner's program. */
  readonly scanner: string;
  /** Holds `db/trivy.db` and `db/metadata.json`, unless they are fetched. */
  readonly database: string;
  /** A folder for files and programs. */
  readonly work: string;
}

/**
 * `vigil match`: matches the inventories in a folder against a mounted or downloaded database, and prints the findings as a framed stream.
 * Exits with 1 and prints the reason to stderr if there is no database. `print` is replaced in tests.
 */
export async function matchVerb(args: readonly string[], signal: AbortSignal, print: PrintLine = writeStreamLine): Promise<number> {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const options = {
    input: text('/vigil/input'),
    scanner: text('/vigil/trivy/usr/local/bin/trivy'),
    database: text('/vigil/database'),
    work: text('/vigil/work'),
    seconds: text('420'),
    // The timeout of the scanner for one inventory, in seconds.
    patience: text('300'),
    repository: text(''),
  };
  const { seconds, patience, repository, ...folders } = parseArgs({ args: [...args], options }).values;
  const end = performance.now() + Number(seconds) * 1000;
  const writer = new StreamWriter(print);
  prepare(folders);
  try {
    if (repository === '') linkMountedDatabase({ ...mounted, root: folders.database }, join(folders.work, 'cache'));
    else await fetchDatabase(folders.work, repository, signal);
  } catch (error) {
    process.stderr.write(`vigil match: ${messageOf(error)}\n`);
    return 1;
  }
  for (const [image, files] of inventories(folders.input)) {
    for (const record of await recordsOf(folders, { image, files, timeout: Number(patience) * 1000 }, signal)) writer.record(record);
    // Stop before the pod's deadline, which would lose all findings. Another Job matches the rest.
    if (signal.aborted || writer.bytes > maxStreamBytes || performance.now() > end) break;
  }
  writer.end({ database: databaseTime(folders.work) } satisfies MatchBody);
  return 0;
}

/**
 * Copies the scanner to the work folder, since programs in an image volume cannot run there. An init container may have copied it already.
 */
function prepare({ scanner, work }: Folders): void {
  const program = join(work, 'trivy');
  if (scanner !== program) copyFileSync(scanner, program);
  chmodSync(program, 0o755);
  mkdirSync(join(work, 'cache'), { recursive: true });
}

const namePattern = /^inventory-([0-9a-f]+)-[0-9]{6}$/;

/** Returns the sorted files of each inventory by the hash of its image. */
function inventories(folder: string): Map<string, string[]> {
  const files = readdirSync(folder)
    .filter((file) => namePattern.test(file))
    .toSorted();
  return Map.groupBy(files, (file) => namePattern.exec(file)?.[1] ?? '');
}

interface Matching {
  readonly image: string;
  readonly files: readonly string[];
  /** The timeout of the scanner in milliseconds. */
  readonly timeout: number;
}

async function recordsOf(folders: Folders, { image, files, timeout }: Matching, signal: AbortSignal): Promise<MatchRecord[]> {
  let document: InventoryDocument;
  try {
    document = unpackDocument(
      INVENTORY,
      files.map((file) => readFileSync(join(folders.input, file))),
      `of ${image}`,
    ).content;
    if (imageHash(document.digest) !== image) throw new Error('it belongs to another image');
  } catch (error) {
    return [{ type: 'failed', image, damaged: true, message: `the inventory cannot be read: ${messageOf(error)}` }];
  }
  try {
    const found = await match(folders, document, { signal, timeout });
    return [...found.map((vulnerability): MatchRecord => ({ type: 'vulnerability', image, vulnerability })), { type: 'done', image }];
  } catch (error) {
    return [{ type: 'failed', image, message: messageOf(error) }];
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function databaseTime(work: string): string {
  try {
    const { UpdatedAt } = JSON.parse(readFileSync(join(work, 'cache', 'db', DATABASE_METADATA), 'utf8')) as { UpdatedAt?: string };
    return UpdatedAt ?? '';
  } catch {
    return '';
  }
}

async function match(
  { work }: Folders,
  { inventory }: InventoryDocument,
  { signal, timeout }: { readonly signal: AbortSignal; readonly timeout: number },
): Promise<Vulnerability[]> {
  // The scanner rejects an SBOM without packages.
  if (inventory.applications.length === 0) return [];
  writeFileSync(join(work, bomFile), JSON.stringify(cycloneDx(inventory)));
  const child = spawn(join(work, 'trivy'), scannerArguments(work), {
    env: { HOME: work, TMPDIR: work, PATH: '/usr/local/bin:/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    timeout,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString('utf8')).slice(-4000)));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`the scanner cannot be started: ${error.message}`));
    child.once('close', (code, killedBy) =>
      resolve(
        code === 0 ? undefined : `${endOf({ code, killedBy, late: child.killed && !signal.aborted }, timeout)}: ${exitMessage(said)}`,
      ),
    );
  });
  const found: Vulnerability[] = [];
  let unreadable: unknown;
  try {
    for await (const { value } of trivyReport(child.stdout as AsyncIterable<Buffer>, ['Results.*.Vulnerabilities.*']))
      found.push(vulnerabilityOf(value as TrivyVulnerability));
  } catch (error) {
    unreadable = error;
    child.stdout.resume();
  }
  const failure = await ended;
  if (failure !== undefined) throw new Error(failure);
  if (unreadable instanceof Error) throw new Error(`the scanner's output cannot be read: ${unreadable.message}`, { cause: unreadable });
  return found;
}

const scannerArguments = (work: string): string[] => [
  ...['sbom', '--quiet', '--skip-db-update', '--skip-java-db-update', '--offline-scan', '--skip-version-check', '--disable-telemetry'],
  ...['--cache-dir', join(work, 'cache'), '--cache-backend', 'memory', '--format', 'json', join(work, bomFile)],
];

interface End {
  readonly code: number | null;
  readonly killedBy: string | null;
  /** Whether `vigil match` killed it after the timeout. */
  readonly late: boolean;
}

/**
 * Returns how the scanner ended. The kernel may kill only the scanner when the container is out of memory; then the exit signal is the only
 * hint.
 */
function endOf({ code, killedBy, late }: End, patience: number): string {
  if (late) return `the scanner did not end within ${patience / 1000} s`;
  return `the scanner ended with ${killedBy ?? code}${killedBy === 'SIGKILL' ? ', most likely out of memory' : ''}`;
}
