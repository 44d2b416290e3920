import { RESOURCES } from '../../operator/api/api-resource.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { BenchCluster } from './bench-cluster.ts';

const client = new KubeClient(new Credentials());
const cluster = new BenchCluster(client);
const scans = Number(process.argv[2] ?? 500);
const step = Math.min(50, Math.ceil(scans / 4));
const pods = 200;

await cluster.makePods(0, pods);
await cluster.makePolicy();
const memory = await cluster.watchOperator();
const print = (row: readonly (string | number)[]): unknown =>
  process.stdout.write(`${row.map((cell) => String(cell).padEnd(16)).join('')}\n`);
print(['scans', 'seconds each', 'heap, least', 'own, least', 'own, most', 'resident, most']);
/** The minimum of the used JavaScript heap in each step, in MiB: the heap after garbage collection. */
const floors: number[] = [];
/** The used heap in MiB, from the operator's metrics. */
async function heapUsed(): Promise<number> {
  const { name } = (await cluster.operatorPod()).metadata;
  const text = await (await client.stream({ path: `/api/v1/namespaces/vigil-system/pods/${name}:8080/proxy/metrics` })).text();
  return Number(/^nodejs_heap_size_used_bytes (\d+)$/m.exec(text)?.[1] ?? Number.NaN) / 1024 / 1024;
}
let next = 0;
while (next < scans) {
  memory.take();
  const started = performance.now();
  const end = Math.min(next + step, scans);
  let floor = Number.POSITIVE_INFINITY;
  const lane = async (): Promise<void> => {
    for (let number = next++; number < end; number = next++) {
      const { scan } = await cluster.scan(`soak-${number}`, { full: true });
      if (scan.status?.phase !== 'Complete' || scan.status.coverage?.scanned !== pods)
        throw new Error(`scan ${number}: ${JSON.stringify(scan.status)}`);
      await client.delete(RESOURCES.scans, { name: scan.metadata.name });
      floor = Math.min(floor, await heapUsed());
    }
  };
  await Promise.all([lane(), lane()]);
  next = end;
  const seconds = ((performance.now() - started) / 1000 / step).toFixed(2);
  const { rss, anon, leastAnon } = memory.take();
  floors.push(floor);
  print([end, seconds, floor.toFixed(1), leastAnon.toFixed(1), anon.toFixed(1), rss.toFixed(0)]);
}
/** Growth of the minimum in MiB per hundred scans, over the second half, by least squares. */
const late = floors.slice(Math.floor(floors.length / 2));
const middle = (late.length - 1) / 2;
const mean = late.reduce((sum, floor) => sum + floor, 0) / late.length;
const slope =
  late.reduce((sum, floor, at) => sum + (at - middle) * (floor - mean), 0) / late.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
process.stdout.write(`growth of the heap over the second half: ${((slope * 100) / step).toFixed(2)} MiB in a hundred scans\n`);
memory.stop();
await client.credentials.close();
