import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InventoryPackage } from '../../operator/images/inventory/inventory.ts';
import { INVENTORY } from '../../operator/images/inventory/inventory-document.ts';
import { documentFiles } from '../../operator/kube/documents/mounted-document.ts';
import { inventoryDocumentName } from '../../operator/images/targets/image-names.ts';

/** The time and memory of a run of the program and its child processes, on one core. */
export interface VerbRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The peak memory of one of its processes. */
  readonly peakMebibytes: number;
  readonly output: string;
}

/** The environment that the image sets. */
const environment = {
  NODE_OPTIONS: '--disable-warning=DEP0040 --max-semi-space-size=2 --max-old-space-size=110',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_ARENA_MAX: '1',
};

/** Runs a verb of the bundled program on one core. Writes its output to `work`. */
export async function runVerb(args: readonly string[], work: string): Promise<VerbRun> {
  const output = join(work, 'stream');
  const [out, times] = [openSync(output, 'w'), join(work, 'times')];
  const script = `TIMEFORMAT='%R %U %S'; { time taskset -c 0 node dist/vigil/vigil.mjs "$@" 2>&3; } 3>&2 2>"$TIMES"`;
  const child = spawn('bash', ['-c', script, 'bash', ...args], {
    stdio: ['ignore', out, 'inherit'],
    env: { ...process.env, ...environment, TIMES: times },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
    await sleep(10);
  }
  closeSync(out);
  if ((await ended) !== 0) throw new Error(`vigil ${args.join(' ')} failed`);
  const [seconds = 0, user = 0, system = 0] = readFileSync(times, 'utf8').trim().split(' ').map(Number);
  return { seconds, cpuSeconds: user + system, peakMebibytes: peak, output };
}

/** The peak memory in MiB of a process and its child processes. */
function peakOf(pid: number): number {
  try {
    const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return Math.max(Number(kibibytes ?? 0) / 1024, ...children.map((child) => peakOf(Number(child))));
  } catch {
    return 0;
  }
}

/** Facts for a database of this many Debian sources and npm packages. Each has four advisories; one of them matches an installed version. */
export function advisoryFacts(packages: number): unknown {
  const [debian, npm] = ['debian 12', 'npm::GitHub Security Advisory npm'];
  const numbers = Array.from({ length: packages }, (_, index) => index);
  const id = (index: number, at: number): string => `CVE-20${10 + (index % 15)}-${100_000 + index * 4 + at}`;
  const advisories = (index: number, advisory: (late: boolean) => unknown): [string, unknown][] =>
    [0, 1, 2, 3].map((at) => [id(index, at), advisory(at === 0 && index % 40 === 0)]);
  const known = { Title: 'a vulnerability of the benchmark', VendorSeverity: { nvd: 3 }, CVSS: { nvd: { V3Score: 7.5 } } };
  return {
    updatedAt: '2026-11-01T00:00:00Z',
    sources: { [debian]: { ID: 'debian', Name: 'Debian' }, [npm]: { ID: 'ghsa', Name: 'GitHub Security Advisory npm' } },
    advisories: {
      [debian]: Object.fromEntries(
        numbers.map((index) => [
          `source-${index}`,
          Object.fromEntries(advisories(index, (late) => ({ FixedVersion: late ? '99.0-1' : '0.1-1' }))),
        ]),
      ),
      [npm]: Object.fromEntries(
        numbers.map((index) => [
          `package-${index}`,
          Object.fromEntries(advisories(packages + index, (late) => ({ VulnerableVersions: [late ? '<99.0.0' : '<0.1.0'] }))),
        ]),
      ),
    },
    vulnerabilities: Object.fromEntries([...numbers, ...numbers.map((n) => n + packages)].flatMap((n) => advisories(n, () => known))),
  };
}

/** Writes inventories of 250 Debian and 150 npm packages, as a matching Job mounts them. */
export function writeInventories(folder: string, from: number, to: number, known: number): void {
  mkdirSync(folder, { recursive: true });
  for (let image = from; image < to; image++) {
    const digest = `sha256:${String(image).padStart(64, '0')}`;
    const applications = [
      { name: 'debian', class: 'os-pkgs', type: 'debian', packages: Array.from({ length: 250 }, (_, at) => debian(image, at, known)) },
      { name: 'Node.js', class: 'lang-pkgs', type: 'node-pkg', packages: Array.from({ length: 150 }, (_, at) => npm(image, at, known)) },
    ];
    const inventory = { system: { family: 'debian', name: '12.5' }, applications, secrets: [] };
    for (const [name, bytes] of documentFiles(inventoryDocumentName(digest), INVENTORY, { digest, inventory }))
      writeFileSync(join(folder, name), bytes);
  }
}

function debian(image: number, at: number, known: number): InventoryPackage {
  const [name, source, version] = [`lib-${image}-${at}`, `source-${(image * 31 + at * 7) % known}`, `1.${at % 9}.${image % 5}-1`];
  return { name, version, purl: `pkg:deb/debian/${name}@${version}?arch=amd64&distro=debian-12.5`, source: { name: source, version } };
}

function npm(image: number, at: number, known: number): InventoryPackage {
  const [name, version] = [`package-${(image * 17 + at * 11) % known}`, `4.${at % 17}.${image % 20}`];
  return { name, version, purl: `pkg:npm/${name}@${version}`, path: `app/node_modules/${name}/package.json` };
}
