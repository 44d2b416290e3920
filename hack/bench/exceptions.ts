import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { SecurityException } from '../../operator/api/kinds/security-exception.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { listAll } from '../../operator/kube/list.ts';
import { countedIn } from '../../operator/reports/identity/report-ownership.ts';
import { concurrently } from '../../operator/reports/publishing/concurrently.ts';
import type { DesiredReport } from '../../operator/reports/publishing/report-publisher.ts';
import { kubectl } from '../../test/integration/cluster-access.ts';
import { ExceptionsFixture } from '../../test/integration/exceptions/exceptions-fixture.ts';

/** The time until exceptions that are created at once show in all reports, and until their deletion does. */
const [reports, exceptions] = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 2000)];
const perNamespace = 500;
const singleChanges = 10;
const allowed = { all: 30, one: 5 };
const fixture = new ExceptionsFixture();
const { client } = fixture;
const policy = 'bench-exceptions';
const checks = ['host-pid', 'host-ipc', 'host-network', 'privileged-container', 'run-as-non-root'];
const namespaces = Array.from({ length: Math.ceil(reports / perNamespace) }, (_, index) => `bench-exceptions-${index}`);
const perExceptionNamespace = Math.ceil(exceptions / namespaces.length);

const desired = (namespace: string, index: number): DesiredReport => ({
  source: 'vigil',
  target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: `web-${index}` },
  policies: [{ name: policy, revision: '1', passes: 20, listPasses: false, ownerLabels: [] }],
  results: checks.map((check) => ({
    policy,
    check,
    verdict: 'fail',
    severity: 'high',
    category: 'Bench',
    frameworks: ['pss-restricted@1.36'],
    message: `container app: ${check} fails`,
  })),
  seconds: 1_800_000_000,
  scan: 'bench',
});

const exception = (namespace: string, index: number): SecurityException => ({
  metadata: { name: `legacy-${index}`, namespace },
  spec: {
    reason: 'a benchmark needs it',
    targets: [{ kind: 'Deployment', names: [`web-${index}`] }],
    checks: [{ name: checks[index % checks.length] ?? '' }],
  },
});

/** The number of findings that exceptions cover in all reports. Reads metadata only. */
async function covered(): Promise<number> {
  const found = await listAll<KubeObject>(client, RESOURCES.reports, { metadataOnly: true, labelSelector: 'vigil.dev/source=vigil' });
  return found.reduce((sum, report) => sum + (countedIn(report)?.[policy]?.excepted?.high ?? 0), 0);
}

async function until(wanted: number): Promise<number> {
  const started = performance.now();
  while ((await covered()) !== wanted) await new Promise((resolve) => setTimeout(resolve, 500));
  return (performance.now() - started) / 1000;
}

/** Whether an exception covers a check in the report of its object. */
async function covers({ metadata: { name, namespace = '' } }: SecurityException, check: string): Promise<boolean> {
  const report = await client.get<PolicyReport>(RESOURCES.reports, {
    namespace,
    name: `vigil-deployment-${name.replace('legacy', 'web')}`,
  });
  return report.results?.some(({ rule, properties }) => rule === check && properties?.['exception'] === `${namespace}/${name}`) === true;
}

/** Changes single exceptions while all others are in force. Returns the seconds until each change shows in its report. */
async function changes(): Promise<readonly number[]> {
  const times: number[] = [];
  for (let change = 0; change < singleChanges; change += 1) {
    const one = exception(namespaces[change % namespaces.length] ?? '', 0);
    const [before = ''] = one.spec.checks.map(({ name }) => name);
    const check = checks.find((each) => each !== before) ?? '';
    const started = performance.now();
    const patch = JSON.stringify({ spec: { checks: [{ name: check }] } });
    kubectl(['-n', one.metadata.namespace ?? '', 'patch', 'securityexception', one.metadata.name, '--type=merge', '-p', patch]);
    while (!(await covers(one, check)) || (await covers(one, before))) await new Promise((resolve) => setTimeout(resolve, 50));
    times.push((performance.now() - started) / 1000);
  }
  return times;
}

kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
const spec = { controls: checks.map((name) => ({ name })) };
kubectl(
  ['apply', '-f', '-'],
  JSON.stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: policy }, spec }),
);
for (const name of namespaces) await client.create(RESOURCES.namespaces, { metadata: { name } });
for (const [at, namespace] of namespaces.entries()) {
  const some = Math.min(perNamespace, reports - at * perNamespace);
  await fixture.publisher.publish(Array.from({ length: some }, (_, index) => desired(namespace, index)));
}
await fixture.start();
const all = namespaces.flatMap((namespace) => Array.from({ length: perExceptionNamespace }, (_, index) => exception(namespace, index)));
const cpu = process.cpuUsage();
const began = performance.now();
await concurrently(all, 16, async (one) => {
  await client.create(RESOURCES.exceptions, one);
});
const created = (performance.now() - began) / 1000;
const shown = await until(all.length);
const used = process.cpuUsage(cpu);
const single = await changes();
kubectl(['delete', 'securityexceptions', '--all', '--all-namespaces', '--wait=false']);
const gone = await until(0);
const seconds = (value: number): string => `${value.toFixed(1)} s`;
console.log(`${all.length} exceptions over ${reports} reports: created in ${seconds(created)}, in every report ${seconds(shown)} later`);
console.log(
  `deleted: in every report after ${seconds(gone)}; CPU of the controllers until all were shown ${seconds((used.user + used.system) / 1e6)}`,
);
console.log(
  `a change of one exception beside these: in its report after ${seconds(Math.max(...single))} at the longest (${single.length} times)`,
);
await fixture.stop();
kubectl(['delete', 'namespace', ...namespaces, '--wait=false']);
kubectl(['delete', 'securitypolicy', policy]);
process.exitCode = shown < allowed.all && gone < allowed.all && Math.max(...single) < allowed.one ? 0 : 1;
