import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import { listAll } from '../../operator/kube/list.ts';
import { kubectl, testClient } from '../integration/cluster-access.ts';

/** The namespace of Vigil in the test cluster. */
export const home = 'vigil-system';
let installed = false;

/** Builds the image if hack/test has not, loads it into the node and installs Vigil as README.md describes. Runs once for all suites. */
export async function install(): Promise<void> {
  if (installed) return;
  const cluster = process.env['VIGIL_TEST_CLUSTER'];
  if (cluster === undefined) throw new Error('VIGIL_TEST_CLUSTER is not set: run hack/test --only e2e');
  const image = process.env['VIGIL_TEST_IMAGE'] ?? 'dist/test-image.tar';
  if (process.env['VIGIL_TEST_IMAGE'] === undefined) execFileSync('hack/image', ['--output', image], { stdio: 'pipe' });
  execFileSync('hack/cluster', ['load', image, '--name', cluster], { stdio: 'pipe' });
  kubectl(['apply', '--server-side', '-k', 'config/with-report-crds']);
  // Small limits, so that a small cluster has several shards and bursts.
  kubectl(['-n', home, 'set', 'env', 'deployment/vigil-operator', 'VIGIL_SHARD_TARGETS=12', 'VIGIL_CHANGE_BURST=40']);
  kubectl(['-n', home, 'rollout', 'status', 'deployment/vigil-operator', '--timeout=90s']);
  await operatorSettled();
  installed = true;
}

/** Records that Vigil was uninstalled, so that the next suite installs it again. */
export function uninstalled(): void {
  installed = false;
}

/** Waits until exactly one operator runs and is the leader: a rollout is complete before the old pod has ended. */
export async function operatorSettled(): Promise<void> {
  await eventually('exactly one operator runs and is the leader', async () =>
    (await operatorPods()).length === 1 && leads() ? true : undefined,
  );
}

/** Polls until the probe returns a value. Throws after the given seconds. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined> | T | undefined, seconds = 90): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(250);
  }
}

/** Creates a Scan. Returns its name. */
export async function makeScan(spec: Scan['spec'] = {}): Promise<string> {
  const metadata = { name: `test-${Date.now().toString(36)}` };
  const scan = await testClient().create<Scan>(RESOURCES.scans, { metadata, spec: { full: true, ...spec } } as Scan);
  return scan.metadata.name;
}

/** Waits until a Scan is finished. */
export function scanEnded(name: string, seconds = 90): Promise<Scan> {
  return eventually(
    `Scan ${name} ends`,
    async () => {
      const scan = await testClient().get<Scan>(RESOURCES.scans, { name });
      return scan.status?.phase === 'Complete' || scan.status?.phase === 'Failed' ? scan : undefined;
    },
    seconds,
  );
}

/** Vigil's reports in these namespaces. */
export async function reportsIn(...namespaces: readonly string[]): Promise<PolicyReport[]> {
  const lists = namespaces.map((namespace) =>
    listAll<PolicyReport>(testClient(), RESOURCES.reports, { namespace, labelSelector: 'app.kubernetes.io/managed-by=vigil' }),
  );
  return (await Promise.all(lists)).flat();
}

/** The verdicts of reports, one line each: `namespace report policy/rule verdict`. */
export function linesOf(reports: readonly PolicyReport[]): string[] {
  return reports
    .flatMap(({ metadata, results = [] }) =>
      results.map(({ policy, rule, result }) => `${metadata.namespace ?? '-'} ${metadata.name} ${policy}/${rule ?? ''} ${result ?? ''}`),
    )
    .toSorted();
}

const operatorPods = (): Promise<KubeObject[]> =>
  listAll<KubeObject>(testClient(), RESOURCES.pods, { namespace: home, labelSelector: 'app.kubernetes.io/component=operator' });

function leads(): boolean {
  const holder = kubectl(['-n', home, 'get', 'lease', 'vigil-operator', '--ignore-not-found', '-o', 'jsonpath={.spec.holderIdentity}']);
  const pods = kubectl(['-n', home, 'get', 'pods', '-l', 'app.kubernetes.io/component=operator', '-o', 'name']);
  return holder !== '' && pods.includes(holder.slice(0, holder.indexOf('_')));
}

/** Kills the process of the operator with SIGKILL, like a crash: it does not release its lease. */
export async function crashOperator(): Promise<void> {
  const names = new Set((await operatorPods()).map(({ metadata }) => `HOSTNAME=${metadata.name}`));
  const processes = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const own = processes.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .some((entry) => names.has(entry));
    } catch {
      return false;
    }
  });
  if (own.length === 0) throw new Error('the operator has no process on this machine');
  for (const pid of own) process.kill(Number(pid), 'SIGKILL');
  // Deletes the pod, so that a new one takes over: the kubelet restarts a container only after a growing back-off.
  kubectl(['-n', home, 'delete', 'pod', '-l', 'app.kubernetes.io/component=operator', '--force', '--grace-period=0', '--wait=false']);
}

/** Scales the operator. With 0 replicas, waits until the last pod is deleted. */
export async function scaleOperator(replicas: number): Promise<void> {
  kubectl(['-n', home, 'scale', 'deployment/vigil-operator', `--replicas=${replicas}`]);
  if (replicas > 0) return;
  await eventually('the pods of the operator are deleted', async () => ((await operatorPods()).length === 0 ? true : undefined));
}

/** The number of report writes that the API server counted since its start. */
export function reportWrites(): number {
  const metrics = kubectl(['get', '--raw', '/metrics']);
  const lines = metrics
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{') && /resource="(cluster)?policyreports"/.test(line));
  return lines
    .filter((line) => /verb="(APPLY|PATCH|POST|PUT|DELETE|DELETECOLLECTION)"/.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Turns off onChange: it would evaluate changes before a scan finds them, and some suites count what a scan finds. */
export async function followNothing(schedule: string): Promise<void> {
  await eventually(`ScanSchedule ${schedule} is there`, async () => {
    const all = await listAll<KubeObject>(testClient(), RESOURCES.schedules);
    return all.some(({ metadata }) => metadata.name === schedule) ? true : undefined;
  });
  kubectl(['patch', 'scanschedule', schedule, '--type=merge', '-p', '{"spec":{"onChange":null}}']);
}
