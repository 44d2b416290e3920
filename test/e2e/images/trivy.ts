import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TrivyVulnerability } from '../../../operator/images/matching/image-finding.ts';

/** The fields of a Trivy report that the tests read. */
export interface TrivyReport {
  readonly Results?: readonly {
    readonly Target: string;
    readonly Packages?: readonly unknown[];
    readonly Vulnerabilities?: readonly TrivyVulnerability[];
    readonly Secrets?: readonly { readonly RuleID: string; readonly Severity: string; readonly StartLine: number }[];
  }[];
}

/** The folder of `hack/cluster images`: Trivy, its databases, and the images of the tests as archives. */
export function imageFolder(): string {
  const folder = join(dirname(process.env['KUBECONFIG'] ?? ''), 'images');
  if (!existsSync(folder)) throw new Error(`${folder} is not there: run hack/cluster images`);
  return folder;
}

/** Returns the folder of the index of Java archives. */
export const javaIndex = (): string => join(imageFolder(), 'java-index');

/** Returns the path of Trivy's program. */
export const trivyProgram = (): string => join(imageFolder(), 'trivy');

/** Runs a function with a temporary folder, which is deleted afterwards. */
export async function withFolder<T>(body: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-trivy-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the findings of one scan by Trivy of a test image's archive: packages, vulnerabilities and secrets. */
export function directScan(image: string, database: string, folder: string): TrivyReport {
  const cache = join(folder, 'direct');
  execFileSync(process.execPath, ['operator/main.ts', 'prepare', cache, javaIndex()]);
  cpSync(join(imageFolder(), database, 'db'), join(cache, 'db'), { recursive: true });
  const quiet = ['--quiet', '--skip-db-update', '--skip-java-db-update', '--offline-scan', '--skip-version-check', '--disable-telemetry'];
  const output = join(folder, 'direct.json');
  execFileSync(
    trivyProgram(),
    [
      ...['image', ...quiet, '--no-progress', '--scanners', 'vuln,secret', '--list-all-pkgs', '--cache-dir', cache],
      ...['--format', 'json', '--output', output, '--input', join(imageFolder(), `${image}.tar`)],
    ],
    { stdio: 'pipe' },
  );
  return JSON.parse(readFileSync(output, 'utf8')) as TrivyReport;
}

/** Extracts the files of a test image into a new folder, and returns the folder. */
export function unpackImage(image: string, folder: string): string {
  const [archive, target] = [join(folder, 'archive'), join(folder, 'target')];
  for (const made of [archive, target]) mkdirSync(made);
  execFileSync('tar', ['-xf', join(imageFolder(), `${image}.tar`), '-C', archive]);
  const [{ Layers }] = JSON.parse(readFileSync(join(archive, 'manifest.json'), 'utf8')) as [{ readonly Layers: readonly string[] }];
  for (const layer of Layers) execFileSync('tar', ['-xf', join(archive, layer), '-C', target]);
  return target;
}
