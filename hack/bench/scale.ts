import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { BenchCluster, eventually, podPlace } from './bench-cluster.ts';

const client = new KubeClient(new Credentials());
const cluster = new BenchCluster(client);
const home = 'vigil-system';
const sizes = process.argv.slice(2).map(Number);
/** The peak memory of the workers in MiB, from the operator's log. */
async function workerPeak(): Promise<number> {
  const { name } = (await cluster.operatorPod()).metadata;
  const body = await client.stream({ path: `/api/v1/namespaces/${home}/pods/${name}/log` });
  return Math.max(0, ...[...(await body.text()).matchAll(/"peakMebibytes":(\d+)/g)].map(([, peak]) => Number(peak)));
}

/** The counters of the API server since its start. */
interface Counts {
  /** Requests of the operator and its workers. */
  readonly calls: number;
  readonly reportWrites: number;
  readonly mebibytes: number;
}

/** The sum of the samples of a metric with matching labels. */
function sumOf(text: string, metric: string, labels: RegExp): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`) && labels.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function counts(): Promise<Counts> {
  const text = await (await client.stream({ path: '/metrics' })).text();
  const { name } = (await cluster.operatorPod()).metadata;
  const own = await (await client.stream({ path: `/api/v1/namespaces/${home}/pods/${name}:8080/proxy/metrics` })).text();
  return {
    calls: sumOf(own, 'vigil_api_requests_total', /./),
    reportWrites: sumOf(text, 'apiserver_request_total', /resource="(cluster)?policyreports".*verb="(APPLY|PATCH|POST|PUT|DELETE)"/),
    mebibytes: sumOf(text, 'apiserver_response_sizes_sum', /verb="LIST"/) / 1024 / 1024,
  };
}

/** Seconds from a change of a pod's label to its report, for changes one after the other. */
async function changeSeconds(times: number, size: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const index = Math.floor((time * size) / times) + (size % 7) + 1;
    const { namespace, name } = podPlace(index);
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

const schedule = { metadata: { name: 'bench' }, spec: { onChange: {} } };
const memory = await cluster.watchOperator();
/** The operator's peak memory in MiB since the last call. */
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
  if (made > 0) await cluster.removePolicy();
  await cluster.makePods(made, size);
  made = size;
  for (const round of ['first', 'again', 'full']) {
    const before = await counts();
    const { seconds, scan: ended } =
      round === 'first' ? await cluster.firstScan() : await cluster.scan(`bench-${size}-${round}`, { full: round === 'full' });
    const after = await counts();
    const { phase, progress = '', coverage, summary } = ended.status ?? {};
    const targets = `${coverage?.scanned ?? 0}/${coverage?.inScope ?? 0}`;
    const row = [size, round, seconds.toFixed(1), ((seconds * 1000) / size).toFixed(2), progress, targets, summary?.fail ?? 0];
    const asked = [after.calls - before.calls, (after.mebibytes - before.mebibytes).toFixed(0), after.reportWrites - before.reportWrites];
    print([...row, ...asked, peak(), await workerPeak(), ...(phase === 'Complete' ? [] : [phase ?? ''])]);
  }
  await client.create(RESOURCES.schedules, schedule);
  await eventually('change watch started', async () => {
    const { status } = await client.get<KubeObject & { status?: { conditions?: { type: string; status: string }[] } }>(
      RESOURCES.schedules,
      { name: 'bench' },
    );
    return status?.conditions?.some(({ type, status: holds }) => type === 'Watching' && holds === 'True') ?? false;
  });
  const scanning = cluster.scan(`bench-${size}-during`, { full: true });
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
