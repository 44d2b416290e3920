import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { Scan } from '../../operator/api/scan.ts';
import { Credentials } from '../../operator/kube/credentials.ts';
import { KubeClient } from '../../operator/kube/kube-client.ts';
import { listAll } from '../../operator/kube/list.ts';
import { concurrently } from '../../operator/publish/concurrently.ts';

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

/** The most memory that the operator's process held so far, in MiB. */
function operatorPeak(): number {
  const peaks = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (!/vigil\.mjs\0operator/.test(command)) return [];
        const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
        return [Number(kibibytes) / 1024];
      } catch {
        return [];
      }
    });
  return Math.max(0, ...peaks);
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

const policy = {
  metadata: { name: 'bench' },
  spec: { frameworks: [{ name: 'pss-restricted' }], scope: { namespaces: { include: ['bench-*'] } } },
};
await client.create(RESOURCES.policies, policy);
process.stdout.write('pods    scan     seconds   shards   targets   fail     operator MiB   worker MiB\n');
let made = 0;
for (const size of sizes.length > 0 ? sizes : [500, 5000]) {
  await makePods(made, size);
  made = size;
  for (const round of ['first', 'again']) {
    const { seconds, scan: ended } = await scan(`bench-${size}-${round}`, { policies: ['bench'] });
    const { phase, progress = '', coverage, summary } = ended.status ?? {};
    const row = [size, round, seconds.toFixed(1), progress, `${coverage?.scanned ?? 0}/${coverage?.inScope ?? 0}`, summary?.fail ?? 0];
    const memory = [operatorPeak().toFixed(0), await workerPeak()];
    process.stdout.write(
      `${[...row, ...memory].map((cell) => String(cell).padEnd(9)).join('')}${phase === 'Complete' ? '' : ` ${phase ?? ''}`}\n`,
    );
  }
}
await client.credentials.close();
