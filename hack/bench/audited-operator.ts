import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf, type Memory } from './process-memory.ts';

const ticksInSecond = 100;

/** What an operator counts about audit events since its start. */
export interface AuditCounters {
  readonly received: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
}

/** How an operator under load is started. */
export interface AuditedOperatorOptions {
  readonly kubeconfig: string;
  readonly seedFile: string;
  readonly tokenFile: string;
  readonly auditPort: number;
  /** Run it on this core alone. Undefined: on all. */
  readonly core?: number;
}

/** An operator of the bundle in a process of its own, with the settings of the image. */
export class AuditedOperator {
  readonly #child: ChildProcess;
  readonly #health: number;

  private constructor(child: ChildProcess, health: number) {
    this.#child = child;
    this.#health = health;
  }

  /** Starts it, and waits until its audit endpoint listens. */
  static async start({ kubeconfig, seedFile, tokenFile, auditPort, core }: AuditedOperatorOptions): Promise<AuditedOperator> {
    const health = await freePort();
    const flags = ['--namespace', 'vigil-system', '--worker-image', 'none', '--log-level', 'error', '--health-host', '127.0.0.1'];
    // A machine that is busy with other work must not end the benchmark.
    const lease = ['--lease-duration', '120', '--lease-renew-deadline', '100'];
    const ports = ['--health-port', String(health), '--audit-port', String(auditPort)];
    const files = ['--audit-seed-file', seedFile, '--audit-token-file', tokenFile];
    const command = [process.execPath, 'dist/vigil/vigil.mjs', 'operator', ...flags, ...lease, ...ports, ...files];
    const [program = '', ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
    const child = spawn(program, args, { env: { ...process.env, ...imageEnvironment, KUBECONFIG: kubeconfig }, stdio: 'inherit' });
    process.once('exit', () => void child.kill('SIGKILL'));
    const operator = new AuditedOperator(child, health);
    for (const end = performance.now() + 60_000; !(await isListening(auditPort));) {
      await sleep(100);
      if (child.exitCode !== null) throw new Error(`the operator ended with ${child.exitCode}`);
      if (performance.now() < end) continue;
      child.kill('SIGKILL');
      throw new Error('the audit endpoint did not listen within a minute');
    }
    return operator;
  }

  /** Seconds of processor time since its start. */
  cpu(): number {
    const fields = readFileSync(`/proc/${this.#child.pid ?? 0}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksInSecond;
  }

  memory(): Memory {
    return memoryOf(String(this.#child.pid ?? 0));
  }

  /** Its counters, and the milliseconds until it has answered. */
  async counters(): Promise<AuditCounters & { readonly milliseconds: number }> {
    const started = performance.now();
    const text = await (await fetch(`http://127.0.0.1:${this.#health}/metrics`)).text();
    const byReason = (name: string): Record<string, number> => {
      const lines = text.matchAll(new RegExp(`^${name}\\{reason="(?<reason>[\\w-]+)"\\} (?<count>\\d+)`, 'gm'));
      return Object.fromEntries([...lines].map(({ groups = {} }) => [groups['reason'] ?? '', Number(groups['count'])] as const));
    };
    return {
      received: Number(/^vigil_audit_events_total (\d+)/m.exec(text)?.[1] ?? 0),
      dropped: byReason('vigil_audit_events_dropped_total'),
      refused: byReason('vigil_audit_requests_refused_total'),
      milliseconds: performance.now() - started,
    };
  }

  /** Sends a signal to its process. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** The environment of the image: see hack/image. */
const imageEnvironment = {
  NODE_ENV: 'production',
  NODE_OPTIONS: '--disable-warning=DEP0040 --max-semi-space-size=2 --max-old-space-size=110',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_ARENA_MAX: '1',
};

/** A port that nothing listens at. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Files in a folder that {@link remove} removes. */
export class BenchFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vigil-bench-'));

  /** Writes a file. Returns its path. */
  file(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Whether a process of this machine listens at a port of all addresses. */
function isListening(port: number): Promise<boolean> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => readFileSync(path, 'utf8').split('\n'));
  return Promise.resolve(lines.some((line) => line.trim().split(/\s+/)[1]?.endsWith(wanted) === true && / 0A /.test(line)));
}
