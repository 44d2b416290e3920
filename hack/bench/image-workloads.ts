import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { listAll } from '../../operator/kube/list.ts';
import { BenchCluster, eventually } from './bench-cluster.ts';
import { cgroupsOf, CountingRegistry, imageFolder, inside, podSeconds, pushImage, REGISTRY } from './counting-registry.ts';

const client = new KubeClient(new Credentials());
const cluster = new BenchCluster(client);
const home = 'vigil-system';
const namespace = 'bench-images';
const [workloads = 200, images = 20] = process.argv.slice(2).map(Number);
const nameOf = (index: number): string => `bench-${index % images}`;
const kubectl = (...args: readonly string[]): string => execFileSync('kubectl', args, { encoding: 'utf8', maxBuffer: 1e8 });

const print = (row: readonly (string | number)[]): unknown =>
  process.stdout.write(`${row.map((cell) => String(cell).padEnd(16)).join('')}\n`);

function deployment(index: number): KubeObject {
  const labels = { app: `workload-${index}` };
  const containers = [{ name: 'main', image: `${REGISTRY}/${nameOf(index)}:1` }];
  return {
    metadata: { name: labels.app, namespace },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } } },
  } as unknown as KubeObject;
}

/** Records the purpose of each pod in Vigil's namespace, by uid. */
class PodCounter {
  readonly parts = new Map<string, string>();
  readonly #abort = new AbortController();

  start(): void {
    void this.#watch();
  }

  stop(): void {
    this.#abort.abort();
  }

  count(part: string): number {
    return [...this.parts.values()].filter((each) => each === part).length;
  }

  async #watch(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      for (const { metadata } of await listAll(client, RESOURCES.pods, { namespace: home, metadataOnly: true }))
        this.parts.set(metadata.uid ?? '', metadata.labels?.['vigil.dev/part'] ?? 'other');
      await sleep(200);
    }
  }
}

const reports = async (): Promise<PolicyReport[]> =>
  (await listAll<PolicyReport>(client, RESOURCES.reports, { namespace, labelSelector: 'vigil.dev/source=vigil-images' })).filter(
    ({ summary }) => (summary?.fail ?? 0) > 0,
  );

const registry = new CountingRegistry();
await registry.ready();
for (let index = 0; index < images; index++) pushImage(nameOf(index));
await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
for (let index = 0; index < workloads; index++) kubectlApply(deployment(index));
function kubectlApply(object: KubeObject): void {
  execFileSync('kubectl', ['apply', '--server-side', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', ...object }),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}
await eventually('every workload runs', async () => {
  const pods = await listAll<KubeObject & { status?: { phase?: string } }>(client, RESOURCES.pods, { namespace });
  return pods.filter(({ status }) => status?.phase === 'Running').length === workloads;
});
const nodePulls = await registry.bytes();
const configure = (...settings: readonly string[]): void => {
  kubectl('-n', home, 'set', 'env', 'deployment/vigil-operator', ...settings);
  kubectl('-n', home, 'rollout', 'status', 'deployment/vigil-operator', '--timeout=90s');
};
configure('VIGIL_SCANNER_IMAGE=127.0.0.1:5000/trivy:1', 'VIGIL_DATABASE_IMAGE=127.0.0.1:5000/trivy-database:1', 'VIGIL_IMAGE_INTERVAL=2');
await eventually('one operator runs', async () => {
  const selection = { namespace: home, labelSelector: 'app.kubernetes.io/component=operator' };
  return (await listAll(client, RESOURCES.pods, selection)).length === 1;
});

const counter = new PodCounter();
counter.start();
const cgroups = cgroupsOf((await cluster.operatorPod()).metadata.uid ?? '');
print(['', 'seconds', 'CPU seconds', 'inventories', 'matches', 'MB pulled']);
process.stdout.write(`the workloads themselves: ${(nodePulls / 1e6).toFixed(0)} MB pulled by the node for ${images} images\n`);
/** Runs an action, waits until Vigil has handled it, and prints what it took. */
async function vigil(title: string, act: () => Promise<unknown>, done: () => Promise<boolean>): Promise<void> {
  const [seconds, cpu, inventories, matches, bytes] = [
    performance.now(),
    podSeconds(cgroups),
    counter.count('image-inventory'),
    counter.count('image-match'),
    await registry.bytes(),
  ];
  await act();
  await eventually(title, done);
  print([
    title,
    ((performance.now() - seconds) / 1000).toFixed(1),
    (podSeconds(cgroups) - cpu).toFixed(1),
    counter.count('image-inventory') - inventories,
    counter.count('image-match') - matches,
    (((await registry.bytes()) - bytes) / 1e6).toFixed(1),
  ]);
}
const policy = { metadata: { name: 'images' }, spec: { scope: { namespaces: { include: [namespace] } }, images: { vulnerabilities: {} } } };
await vigil(
  'Vigil, first',
  () => client.create(RESOURCES.policies, policy),
  async () => (await reports()).length === workloads,
);
await vigil(
  'again, 30 s',
  () => sleep(30_000),
  async () => (await reports()).length === workloads,
);
const known = new Set((await reports()).flatMap(({ results = [] }) => results.map(({ rule }) => rule)));
await vigil(
  'a new database',
  () => {
    configure('VIGIL_DATABASE_IMAGE=127.0.0.1:5000/trivy-database:2');
    return Promise.resolve();
  },
  async () => (await reports()).filter(({ results = [] }) => results.some(({ rule }) => !known.has(rule))).length === workloads,
);
const { status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name: 'images' });
process.stdout.write(`policy: ${JSON.stringify(status?.images?.coverage)}, failing ${JSON.stringify(status?.failing)}\n`);
counter.stop();

/** Runs Trivy on the image of one workload, with a cache of only the database. Returns its CPU seconds. */
function trivyImage(reference: string): number {
  const cache = mkdtempSync(join(tmpdir(), 'vigil-bench-cache-'));
  try {
    cpSync(join(imageFolder, 'trivy-database-1/db'), join(cache, 'db'), { recursive: true });
    const quiet = ['--quiet', '--skip-db-update', '--skip-java-db-update', '--offline-scan', '--skip-version-check', '--disable-telemetry'];
    const command = ['image', ...quiet, '--no-progress', '--image-src', 'remote', '--scanners', 'vuln,secret', '--cache-dir', cache];
    const script = `TIMEFORMAT='%U %S'; { time "$@" >/dev/null 2>&3; } 3>&2 2>"${cache}/times"; cat "${cache}/times"`;
    const output = inside('bash', '-c', script, 'bash', join(imageFolder, 'trivy'), ...command, '--format', 'json', reference);
    const [user = NaN, system = NaN] = output.trim().split(' ').map(Number);
    return user + system;
  } finally {
    rmSync(cache, { recursive: true });
  }
}
const [started, before] = [performance.now(), await registry.bytes()];
let cpu = 0;
for (let index = 0; index < workloads; index++) cpu += trivyImage(`${REGISTRY}/${nameOf(index)}:1`);
const megabytes = ((await registry.bytes()) - before) / 1e6;
print(['trivy image each', ((performance.now() - started) / 1000).toFixed(1), cpu.toFixed(1), workloads, '', megabytes.toFixed(0)]);
registry.stop();
await client.credentials.close();
