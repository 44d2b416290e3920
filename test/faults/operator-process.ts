import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { readOperatorConfig } from '../../operator/manager/operator-config.ts';
import { runOperator } from '../../operator/manager/operator.ts';
import { createLogger } from '../../operator/telemetry/logger.ts';

/** The flags of operators under test: real leader election and retries, but faster. */
export const operatorFlags = [
  ...['--namespace', 'vigil-system', '--health-host', '127.0.0.1', '--health-port', '0', '--shard-targets', '3'],
  ...[
    '--lease-duration',
    '4',
    '--lease-renew-deadline',
    '3',
    '--lease-retry-period',
    '0.5',
    '--request-timeout',
    '5',
    '--watch-silence',
    '8',
  ],
] as const;

/** The address of the API server and the credentials of an operator under test. */
export interface OperatorAccess {
  readonly server: string;
  readonly token: string;
  readonly workerImage: string;
}

/** Writes a kubeconfig with one server and one token. Returns its path. Plain HTTP is only accepted without certificates. */
export function writeKubeConfig(folder: string, name: string, { server, token }: Pick<OperatorAccess, 'server' | 'token'>): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.kubeconfig`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

/** The folder for the logs of operators under test. */
const logFolder = 'dist/faults';

/** The exit of a process. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An operator under test. */
export interface TestedOperator {
  /** The exits of its processes so far. */
  readonly ends: readonly ProcessEnd[];
  start(): void;
  signal(name: NodeJS.Signals): void;
  /** Stops it. Returns its exit. */
  stop(): Promise<ProcessEnd | undefined>;
}

/** The operator as a process on this machine. It is restarted whenever it exits, as by a Deployment. */
export class OperatorProcess implements TestedOperator {
  readonly #access: OperatorAccess;
  readonly #kubeconfig: string;
  readonly #log: WriteStream;
  readonly #flags: readonly string[];
  readonly #ends: ProcessEnd[] = [];
  #child: ChildProcess | undefined;
  #running: Promise<void> | undefined;
  #wanted = false;

  constructor(access: OperatorAccess, name: string, flags: readonly string[] = []) {
    this.#access = access;
    this.#kubeconfig = writeKubeConfig(logFolder, name, access);
    this.#log = createWriteStream(join(logFolder, `${name}.log`));
    this.#flags = flags;
  }

  get ends(): readonly ProcessEnd[] {
    return this.#ends;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#running = this.#supervise();
  }

  /** Sends a signal to the current process. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Stops it with SIGTERM, and with SIGKILL after 20 seconds. Returns its exit. */
  async stop(): Promise<ProcessEnd | undefined> {
    this.#wanted = false;
    const child = this.#child;
    child?.kill('SIGCONT');
    child?.kill('SIGTERM');
    const late = setTimeout(() => child?.kill('SIGKILL'), 20_000);
    await this.#running;
    clearTimeout(late);
    this.#log.end();
    return this.#ends.at(-1);
  }

  async #supervise(): Promise<void> {
    while (this.#wanted) {
      const args = ['operator/main.ts', 'operator', ...operatorFlags, '--worker-image', this.#access.workerImage, ...this.#flags];
      const env = { ...process.env, KUBECONFIG: this.#kubeconfig };
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      this.#child = child;
      child.stdout.pipe(this.#log, { end: false });
      child.stderr.pipe(this.#log, { end: false });
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      this.#ends.push({ code, signal });
      this.#log.write(`--- ended: ${code ?? signal ?? ''}\n`);
      await sleep(200);
    }
  }
}

/** The operator within this process, with a clock that a test sets. */
export class InProcessOperator implements TestedOperator {
  readonly ends: ProcessEnd[] = [];
  readonly #access: OperatorAccess;
  readonly #clock: () => number;
  readonly #log: WriteStream;
  readonly #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(access: OperatorAccess, name: string, clock: () => number) {
    this.#access = access;
    this.#clock = clock;
    mkdirSync(logFolder, { recursive: true });
    this.#log = createWriteStream(join(logFolder, `${name}.log`));
  }

  start(): void {
    this.#running = this.#run();
  }

  signal(): void {
    this.#abort.abort();
  }

  async stop(): Promise<ProcessEnd | undefined> {
    this.#abort.abort();
    await this.#running;
    this.#log.end();
    return this.ends.at(-1);
  }

  async #run(): Promise<void> {
    const config = readOperatorConfig([...operatorFlags, '--worker-image', this.#access.workerImage], {});
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromClusterAndUser(
      { name: 'c', server: this.#access.server, skipTLSVerify: true },
      { name: 'u', token: this.#access.token },
    );
    while (!this.#abort.signal.aborted) {
      const dependencies = { clock: this.#clock, credentials: new Credentials({ kubeConfig }) };
      const ended = await runOperator(config, createLogger('info', this.#log), this.#abort.signal, dependencies).catch(() => 'failed');
      this.ends.push({ code: ended === 'stopped' ? 0 : 1, signal: null });
    }
  }
}
