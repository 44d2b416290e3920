import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { Scan } from '../../operator/api/scan.ts';
import { Credentials } from '../../operator/kube/credentials.ts';
import { KubeClient } from '../../operator/kube/kube-client.ts';
import { listAll } from '../../operator/kube/list.ts';
import { concurrently } from '../../operator/publish/concurrently.ts';
import { MemoryWatch } from './process-memory.ts';

const client = new KubeClient(new Credentials());
const home = 'vigil-system';
const sizes = process.argv.slice(2).map(Number);
const perNamespace = 250;

/** A pod of about 4 KB, with three faults. */
function pod(namespace: string, index: number): KubeObject {
  const env = Array.from({ length: 40 }, (_, at) => ({ name: `SETTING_${at}`, value: `value-${index}-${'x'.repeat(30)}` }));
  return {
    metadata: { namespace, name: `pod-${String(index).padStart(6, '0')}`, labels: { app: `app-${index % 50}` } },
    spec: {
      schedulingGates: [{ name: 'bench.vigil.dev/held' }],
      hostNetwork: index % 3 === 0,
      containers: [
        { name: 'main', image: 'registry.example.com/app:1', env, resources: { requests: { cpu: '10m', memory: '16Mi' } } },
        { name: 'side', image: 'registry.example.com/side:1', securityContext: { runAsNonRoot: true } },
      ],
    },
  } as unknown as KubeObject;
}

async function makePods(from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at);
  const namespaces = new Set(numbers.map((index) => `bench-${Math.floor(index / perNamespace)}`));
  for (const name of namespaces) await client.create(RESOURCES.namespaces, { metadata: { name } }).catch(() => undefined);
  await sleep(1500);
  await concurrently(numbers, 8, async (index) => {
    await client.create(RESOURCES.pods, pod(`bench-${Math.floor(index / perNamespace)}`, index));
  });
}

/** The most memory that a worker said it held, in MiB, by the operator's log. */
async function workerPeak(): Promise<number> {
  const [operator] = await listAll<KubeObject>(client, RESOURCES.pods, {
    namespace: home,
    labelSelector: 'app.kubernetes.io/component=operator',
  });
  const body = await client.stream({ path: `/api/v1/namespaces/${home}/pods/${operator?.metadata.name ?? ''}/log` });
  return Math.max(0, ...[...(await body.text()).matchAll(/"peakMebibytes":(\d+)/g)].map(([, peak]) => Number(peak)));
}

async function scan(name: string, spec: Scan['spec']): Promise<{ seconds: number; scan: Scan }> {
  const started = performance.now();
  await client.create(RESOURCES.scans, { metadata: { name }, spec } as Scan);
  for (;;) {
    const found = await client.get<Scan>(RESOURCES.scans, { name });
    if (found.status?.phase === 'Complete' || found.status?.phase === 'Failed')
      return { seconds: (performance.now() - started) / 1000, scan: found };
    await sleep(100);
  }
}

/** What the API server counted since it started. */
interface Counts {
  /** Calls of the operator and its workers. */
  readonly calls: number;
  readonly reportWrites: number;
  readonly mebibytes: number;
}

/** Sums the samples of a metric whose labels match. */
function sumOf(text: string, metric: string, labels: RegExp): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`) && labels.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function counts(): Promise<Counts> {
  const text = await (await client.stream({ path: '/metrics' })).text();
  const [operator] = await listAll<KubeObject>(client, RESOURCES.pods, {
    namespace: home,
    labelSelector: 'app.kubernetes.io/component=operator',
  });
  const own = await (
    await client.stream({ path: `/api/v1/namespaces/${home}/pods/${operator?.metadata.name ?? ''}:8080/proxy/metrics` })
  ).text();
  return {
    calls: sumOf(own, 'vigil_api_requests_total', /./),
    reportWrites: sumOf(text, 'apiserver_request_total', /resource="(cluster)?policyreports".*verb="(APPLY|PATCH|POST|PUT|DELETE)"/),
    mebibytes: sumOf(text, 'apiserver_response_sizes_sum', /verb="LIST"/) / 1024 / 1024,
  };
}

/** Seconds from a change of a pod's label to its report, one after the other. */
async function changeSeconds(times: number, size: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const index = Math.floor((time * size) / times) + (size % 7) + 1;
    const [namespace, name] = [`bench-${Math.floor(index / perNamespace)}`, `pod-${String(index).padStart(6, '0')}`];
    const report = { namespace, name: `vigil-pod-${name}` };
    const before = await client.get<KubeObject>(RESOURCES.reports, report);
    const started = performance.now();
    await client.patch(RESOURCES.pods, { namespace, name }, { metadata: { labels: { noisy: 'true' } } });
    for (;;) {
      const now = await client.get<KubeObject>(RESOURCES.reports, report);
      if (now.metadata.resourceVersion !== before.metadata.resourceVersion) break;
      if (performance.now() - started > 60_000) throw new Error(`no new report about ${namespace}/${name} in a minute`);
      await sleep(50);
    }
    seconds.push((performance.now() - started) / 1000);
  }
  return seconds.toSorted((a, b) => a - b);
}

async function eventually(what: string, probe: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await probe()); tries += 1) {
    if (tries > 1200) throw new Error(`not within ten minutes: ${what}`);
    await sleep(500);
  }
}

const pods = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] };
const policy = {
  metadata: { name: 'bench' },
  spec: {
    frameworks: [{ name: 'pss-restricted' }],
    scope: { namespaces: { include: ['bench-*'] } },
    // What a change of a label tells another verdict about.
    rules: [
      { name: 'calm', matchConstraints: { resourceRules: [pods] }, validations: [{ expression: "!('noisy' in object.metadata.labels)" }] },
    ],
  },
};
const schedule = { metadata: { name: 'bench' }, spec: { onChange: {} } };
// Changes are followed only where that is measured.
await eventually('the default schedule is made', async () => (await listAll(client, RESOURCES.schedules)).length > 0);
await client.patch(RESOURCES.schedules, { name: 'default' }, { spec: { onChange: null } });
await client.create(RESOURCES.policies, policy);
const memory = new MemoryWatch(/vigil\.mjs\0operator/);
/** The operator's peak since this was asked last, in MiB. */
const peak = (): string => {
  const { rss, anon, workingSet } = memory.take();
  return [rss, anon, workingSet].map((mebibytes) => mebibytes.toFixed(0)).join('/');
};
const columns = [
  'pods',
  'scan',
  'seconds',
  'ms/pod',
  'shards',
  'targets',
  'fail',
  'calls',
  'MiB read',
  'writes',
  'operator MiB',
  'worker MiB',
];
const print = (row: readonly (string | number)[]): unknown =>
  process.stdout.write(`${row.map((cell) => String(cell).padEnd(11)).join('')}\n`);
process.stdout.write('Memory of the operator: resident/of which allocated by itself/working set as Kubernetes counts it.\n');
print(columns);
let made = 0;
for (const size of sizes.length > 0 ? sizes : [1000, 10_000]) {
  await makePods(made, size);
  made = size;
  for (const round of ['first', 'again']) {
    const before = await counts();
    const { seconds, scan: ended } = await scan(`bench-${size}-${round}`, { policies: ['bench'] });
    const after = await counts();
    const { phase, progress = '', coverage, summary } = ended.status ?? {};
    const targets = `${coverage?.scanned ?? 0}/${coverage?.inScope ?? 0}`;
    const row = [size, round, seconds.toFixed(1), ((seconds * 1000) / size).toFixed(2), progress, targets, summary?.fail ?? 0];
    const asked = [after.calls - before.calls, (after.mebibytes - before.mebibytes).toFixed(0), after.reportWrites - before.reportWrites];
    print([...row, ...asked, peak(), await workerPeak(), ...(phase === 'Complete' ? [] : [phase ?? ''])]);
  }
  await client.create(RESOURCES.schedules, schedule);
  await eventually('changes are followed', async () => {
    const { status } = await client.get<KubeObject & { status?: { conditions?: { type: string; status: string }[] } }>(
      RESOURCES.schedules,
      { name: 'bench' },
    );
    return status?.conditions?.some(({ type, status: holds }) => type === 'Watching' && holds === 'True') ?? false;
  });
  const scanning = scan(`bench-${size}-during`, { policies: ['bench'] });
  const took = await changeSeconds(15, size);
  const median = took[Math.floor(took.length / 2)] ?? 0;
  print([
    size,
    'change',
    `${median.toFixed(1)} at the median, ${(took.at(-1) ?? 0).toFixed(1)} at most, while a scan runs; operator ${peak()} MiB`,
  ]);
  await scanning;
  await client.delete(RESOURCES.schedules, { name: 'bench' });
}
memory.stop();
await client.credentials.close();
