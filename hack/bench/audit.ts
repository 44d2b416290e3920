/**
 * Benchmarks the audit endpoint of an operator: node hack/bench/audit.ts [--smoke] [--seconds N]. The API server of the operator is in memory, so
 * that its work is not measured.
 */
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { OwnCertificates } from '../../operator/audit/tls/own-certificates.ts';
import { LOSSES, type AuditDropReason } from '../../operator/audit/receiving/audit-counts.ts';
import { MemoryServer } from '../../test/kube/memory-server.ts';
import { AuditStream } from './audit-stream.ts';
import { AuditedOperator, BenchFiles, freePort } from './audited-operator.ts';

const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '180' },
    core: { type: 'string', default: '0' },
  },
});
const seed = '0f'.repeat(32);
const token = 'a-token-of-twenty-characters';
const batch = 400;
const phases = [
  { rate: 500, seconds: values.smoke ? 4 : Number(values.seconds) },
  { rate: 4000, seconds: values.smoke ? 4 : 60 },
];
const settle = values.smoke ? 3000 : 20_000;
const goal = { memory: 60, core: 100 };

interface Phase {
  readonly rate: number;
  readonly sent: number;
  readonly seconds: number;
  readonly cpu: number;
  readonly latencies: readonly number[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly rss: number;
  readonly anon: number;
  readonly probe: number;
}

const files = new BenchFiles();
const server = new MemoryServer();
const kubeConfig = await server.start();
await server.installCrds();
await server.change({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'kube-system', uid: 'bench' } } });
const spec = { anomalies: {} };
await server.change({
  method: 'POST',
  path: '/apis/vigil.dev/v1alpha1/securitypolicies',
  body: { apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: 'bench', uid: 'bench', generation: 1 }, spec },
});
const auditPort = await freePort();
const operator = await AuditedOperator.start({
  kubeconfig: files.file('kubeconfig', kubeConfig.exportConfig()),
  seedFile: files.file('seed', seed),
  tokenFile: files.file('token', token),
  auditPort,
  ...(values.core === 'all' ? {} : { core: Number(values.core) }),
});
const agent = new Agent({ keepAlive: true, ca: new OwnCertificates(Buffer.from(seed), []).authority, servername: 'localhost' });
const stream = new AuditStream();

/** Sends a body as an API server does. Resolves to the status and the milliseconds until it came. */
function send(body: string): Promise<{ readonly status: number | string; readonly milliseconds: number }> {
  const started = performance.now();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const end = (status: number | string): void => resolve({ status, milliseconds: performance.now() - started });
    const call = request({ host: '127.0.0.1', port: auditPort, path: '/?server=bench', method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => end(response.statusCode ?? 0));
    });
    call.on('error', ({ message }) => end(message)).end(body);
  });
}

/** Sends events at a rate, in batches as full as an API server makes them. */
async function play({ rate, seconds }: { readonly rate: number; readonly seconds: number }): Promise<Phase> {
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const running = new Set<Promise<void>>();
  let [sent, rss, anon, probe] = [0, 0, 0, 0];
  const sampler = setInterval(() => {
    const memory = operator.memory();
    [rss, anon] = [Math.max(rss, memory.rss), Math.max(anon, memory.anon)];
  }, 250);
  const ask = async (): Promise<void> => void (probe = Math.max(probe, (await operator.counters()).milliseconds));
  const prober = setInterval(() => void ask(), 1000);
  const [cpu, started] = [operator.cpu(), performance.now()];
  for (let next = started; next < started + seconds * 1000; next += (batch * 1000) / rate) {
    await sleep(Math.max(0, next - performance.now()));
    const sending = send(stream.body(batch, Date.now())).then(({ status, milliseconds }) => {
      latencies.push(milliseconds);
      statuses[status] = (statuses[status] ?? 0) + 1;
      running.delete(sending);
    });
    running.add(sending);
    sent += batch;
  }
  await Promise.all(running);
  const took = (performance.now() - started) / 1000;
  const used = operator.cpu() - cpu;
  clearInterval(sampler);
  clearInterval(prober);
  return { rate, sent, seconds: took, cpu: used, latencies: latencies.toSorted((a, b) => a - b), statuses, rss, anon, probe };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

await sleep(settle);
const idle = operator.memory();
const played: Phase[] = [];
for (const phase of phases) played.push(await play(phase));
// What waits is read, and the order of events is settled.
await sleep(5000);
const { received, dropped, refused } = await operator.counters();
const after = operator.memory();
await operator.stop();
server.stop();
agent.destroy();
files.remove();

const sent = played.reduce((sum, phase) => sum + phase.sent, 0);
const lost = Object.entries(dropped).reduce((sum, [reason, count]) => sum + (LOSSES.has(reason as AuditDropReason) ? count : 0), 0);
const row = (...cells: readonly (string | number)[]): void => console.log(cells.map((cell) => String(cell).padEnd(18)).join(''));
row(
  'events/s',
  'seconds',
  'sent/s',
  'core',
  'of one core',
  'more RSS MiB',
  `of ${goal.memory} MiB`,
  'more anonymous',
  '200 after ms',
  'probe at most ms',
);
for (const { rate, sent: count, seconds, cpu, latencies, rss, anon, probe } of played) {
  const [share, more] = [(cpu / seconds) * 100, rss - idle.rss];
  const times = [0.5, 0.99, 1].map((part) => quantile(latencies, part).toFixed(0)).join('/');
  row(
    rate,
    seconds.toFixed(0),
    (count / seconds).toFixed(0),
    `${share.toFixed(1)} %`,
    (share / goal.core).toFixed(2),
    more.toFixed(1),
    (more / goal.memory).toFixed(2),
    (anon - idle.anon).toFixed(1),
    times,
    probe.toFixed(0),
  );
}
console.log(
  `200 after ms: median/99 %/most. Idle: ${idle.rss.toFixed(0)} MiB resident, ${idle.anon.toFixed(0)} anonymous; at the end ${after.rss.toFixed(0)} and ${after.anon.toFixed(0)}.`,
);
console.log(
  `sent ${sent}, received ${received}, dropped ${JSON.stringify(dropped)}, refused ${JSON.stringify(refused)}, answers ${JSON.stringify(played.map(({ statuses }) => statuses))}`,
);
const uncounted = sent - received - (dropped['queue'] ?? 0);
console.log(`lost without being counted: ${uncounted}; lost and counted: ${lost}`);
process.exit(
  uncounted === 0 && lost === 0 && played.every(({ cpu, seconds, rss }) => cpu <= seconds && rss - idle.rss < goal.memory) ? 0 : 1,
);
