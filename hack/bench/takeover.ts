import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';

/** The maximum duration of a takeover in seconds. */
const limit = 15;
const namespace = 'vigil-system';
const kills = Number(process.argv[2] ?? 20);
const client = new KubeClient(new Credentials());

interface LeaseObject extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string };
}
const holder = async (): Promise<string> =>
  (await client.get<LeaseObject>(RESOURCES.leases, { namespace, name: 'vigil-operator' })).spec?.holderIdentity ?? '';

/** Starts an operator with the default lease times. Returns it with the identity that it logs. */
interface Operator {
  readonly child: ChildProcess;
  readonly identity: string;
}

async function begin(): Promise<Operator> {
  const child = spawn(
    process.execPath,
    ['operator/main.ts', 'operator', '--namespace', namespace, '--health-host', '127.0.0.1', '--health-port', '0', '--worker-image', 'v:1'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const up = Promise.withResolvers<string>();
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text = `${text}${chunk.toString()}`.slice(-20_000);
    const found = /"identity":"([^"]+)"/.exec(text);
    if (found?.[1] !== undefined) up.resolve(found[1]);
  });
  child.once('exit', (code) => up.reject(new Error(`the operator ended with ${code ?? 'a signal'}: ${text}`)));
  up.promise.catch(() => undefined);
  return { child, identity: await up.promise };
}

/** Waits until another process holds the lease. Returns its identity. */
async function otherThan(identity: string): Promise<string> {
  for (;;) {
    const now = await holder().catch(() => '');
    if (now !== '' && now !== identity) return now;
    await sleep(20);
  }
}

const operators = [await begin(), await begin()];
const seconds: number[] = [];
try {
  for (let kill = 0; kill < kills; kill++) {
    await otherThan('');
    // Waits for both processes, then for a different part of the renewal period each time.
    await sleep(3000 + Math.random() * 2000);
    const leading = await holder();
    const index = operators.findIndex(({ identity }) => identity === leading);
    const killed = operators[index];
    if (!killed) throw new Error(`the lease is held by ${leading}, which is none of the two`);
    killed.child.kill('SIGKILL');
    const began = performance.now();
    await otherThan(leading);
    const took = (performance.now() - began) / 1000;
    seconds.push(took);
    process.stdout.write(`${String(kill + 1).padStart(3)}  ${took.toFixed(2)} s\n`);
    operators[index] = await begin();
  }
} finally {
  for (const { child } of operators) {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await ended;
  }
}
const sorted = seconds.toSorted((left, right) => left - right);
const most = sorted.at(-1) ?? 0;
const median = ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) / 2;
process.stdout.write(
  `${kills} kills: minimum ${(sorted[0] ?? 0).toFixed(2)} s, median ${median.toFixed(2)} s, maximum ${most.toFixed(2)} s\n`,
);
process.exitCode = most < limit ? 0 : 1;
