import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const cluster = 'bench';
const direct = '127.0.0.1:5000';
/** The address of the registry's proxy, which counts the bytes that it sends. */
export const REGISTRY = '127.0.0.1:5002';

/** The folder of `hack/cluster images`: Trivy, its databases, and images as archives. */
export const imageFolder = join(dirname(process.env['KUBECONFIG'] ?? ''), 'images');

/** Runs a program in the network namespace of the cluster. Returns its output. */
export function inside(...command: readonly string[]): string {
  return execFileSync('hack/cluster', ['inside', '--name', cluster, '--', ...command], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Creates an image from a test image and a unique layer: 8 MB of random bytes, and a package. */
export function pushImage(name: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-image-'));
  try {
    const app = join(folder, 'tree/srv', name, 'node_modules/lodash');
    mkdirSync(app, { recursive: true });
    writeFileSync(join(app, 'package.json'), '{"name":"lodash","version":"4.17.20","license":"MIT"}\n');
    writeFileSync(join(folder, 'tree/srv', name, 'data'), randomFillSync(Buffer.alloc(8_000_000)));
    execFileSync('tar', ['-C', join(folder, 'tree'), '-cf', join(folder, 'layer.tar'), 'srv']);
    inside('crane', 'append', '--insecure', '-b', `${direct}/debian-old:1`, '-f', join(folder, 'layer.tar'), '-t', `${direct}/${name}:1`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Counts the bytes that the registry sends to clients of {@link REGISTRY}. */
export class CountingRegistry {
  readonly #proxy: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const [host, target] = [REGISTRY, direct].map((address) => address.slice(address.indexOf(':') + 1));
    const command = [process.execPath, 'hack/bench/counting-proxy.ts', String(host), String(target)];
    this.#proxy = spawn('hack/cluster', ['inside', '--name', cluster, '--', ...command]);
    this.#proxy.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#proxy.stdout)[Symbol.asyncIterator]();
  }

  /** Resolves when it listens. */
  async ready(): Promise<void> {
    await this.#lines.next();
  }

  /** The total number of bytes. */
  async bytes(): Promise<number> {
    this.#proxy.stdin.write('?\n');
    const { value } = (await this.#lines.next()) as { readonly value: string };
    return Number(value);
  }

  stop(): void {
    this.#proxy.stdin.end();
  }
}

/** CPU seconds of all pods below a cgroup, since their start. */
export function podSeconds(cgroups: string): number {
  const [, old] = /^\d+:(?:[a-z,]*,)?cpuacct(?:,[a-z,]*)?:(.*?\/kubepods)\//m.exec(cgroups) ?? [];
  if (old !== undefined) return Number(readFileSync(`/sys/fs/cgroup/cpuacct${old}/cpuacct.usage`, 'utf8')) / 1e9;
  const [, unified = ''] = /^0::(.*?\/kubepods)\//m.exec(cgroups) ?? [];
  return Number(/^usage_usec (\d+)$/m.exec(readFileSync(`/sys/fs/cgroup${unified}/cpu.stat`, 'utf8'))?.[1]) / 1e6;
}

/** The cgroups of the process of a pod. */
export function cgroupsOf(podUid: string): string {
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const cgroups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
      if (cgroups.includes(podUid)) return cgroups;
    } catch {
      // The process has ended.
    }
  }
  throw new Error(`no process of pod ${podUid} runs on this machine`);
}
