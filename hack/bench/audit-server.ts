/** Benchmarks an API server that sends audit events to the operator: node hack/bench/audit-server.ts [SECONDS]. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { AuditedOperator } from './audited-operator.ts';

const seconds = Number(process.argv[2] ?? 60);
/** Clients that send one request after the other. */
const clients = 8;
const kubeconfig = process.env['KUBECONFIG'] ?? '';
const audit = join(dirname(kubeconfig), 'audit');
const client = new KubeClient(new Credentials());

interface Counts {
  readonly events: number;
  readonly errors: number;
}

/** What the API server has counted about audit events. */
async function counts(): Promise<Counts> {
  const text = await (await client.stream({ path: '/metrics' })).text();
  const sum = (metric: RegExp): number => [...text.matchAll(metric)].reduce((total, [, count]) => total + Number(count), 0);
  return { events: sum(/^apiserver_audit_event_total (\S+)/gm), errors: sum(/^apiserver_audit_error_total\{plugin="webhook"\} (\S+)/gm) };
}

/** Sends requests for a while. Returns the milliseconds of each, in order of size. */
async function load(): Promise<readonly number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      const started = performance.now();
      await client.get(RESOURCES.namespaces, { name: 'default' });
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
  return times.toSorted((a, b) => a - b);
}

const file = (name: string): string => join(audit, name);
await client.create(RESOURCES.policies, { metadata: { name: 'bench' }, spec: { anomalies: {} } } as never);
const operator = await AuditedOperator.start({
  kubeconfig,
  seedFile: file('ca-seed'),
  tokenFile: file('token'),
  auditPort: Number(readFileSync(file('port'), 'utf8')),
});
// An API server that had no receiver pauses before it tries again.
for (const end = performance.now() + 90_000; (await operator.counters()).received === 0 && performance.now() < end;) {
  await client.get(RESOURCES.namespaces, { name: 'default' });
  await sleep(500);
}

const row = (...cells: readonly (string | number)[]): void => console.log(cells.map((cell) => String(cell).padEnd(16)).join(''));
row('operator', 'requests/s', 'median ms', '99 % ms', 'events/s', 'errors', 'received', 'core');
let errorsWhileReceiving = 0;
for (const phase of ['receives', 'hangs', 'receives again'] as const) {
  if (phase === 'hangs') operator.signal('SIGSTOP');
  const [before, known, cpu] = [await counts(), phase === 'hangs' ? 0 : (await operator.counters()).received, operator.cpu()];
  const times = await load();
  // The last batch leaves after two seconds.
  await sleep(4000);
  const used = operator.cpu() - cpu;
  const after = await counts();
  if (phase === 'hangs') operator.signal('SIGCONT');
  const received = phase === 'hangs' ? 0 : (await operator.counters()).received - known;
  const errors = after.errors - before.errors;
  if (phase === 'receives') errorsWhileReceiving = errors;
  const quantile = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2);
  row(
    phase,
    (times.length / seconds).toFixed(0),
    quantile(0.5),
    quantile(0.99),
    ((after.events - before.events) / seconds).toFixed(0),
    errors,
    received,
    `${((used / seconds) * 100).toFixed(1)} %`,
  );
}
await operator.stop();
await client.delete(RESOURCES.policies, { name: 'bench' });
await client.credentials.close();
process.exit(errorsWhileReceiving === 0 ? 0 : 1);
