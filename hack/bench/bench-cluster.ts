import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { listAll } from '../../operator/kube/list.ts';
import { concurrently } from '../../operator/reports/publishing/concurrently.ts';
import { MemoryWatch } from './process-memory.ts';

const perNamespace = 250;

/** The namespace and name of the pod with this number. */
export function podPlace(index: number): { readonly namespace: string; readonly name: string } {
  return { namespace: `bench-${Math.floor(index / perNamespace)}`, name: `pod-${String(index).padStart(6, '0')}` };
}

/** A pod of about 4 KB with three violations. A scheduling gate keeps it pending, so that it is only an object. */
function pod(index: number): KubeObject {
  const env = Array.from({ length: 40 }, (_, at) => ({ name: `SETTING_${at}`, value: `value-${index}-${'x'.repeat(30)}` }));
  return {
    metadata: { ...podPlace(index), labels: { app: `app-${index % 50}` } },
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

const pods = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] };

/** The policy of the benchmarks: a framework, and a rule that fails when one label changes. */
export const benchPolicy = {
  metadata: { name: 'bench' },
  spec: {
    frameworks: [{ name: 'pss-restricted' }],
    scope: { namespaces: { include: ['bench-*'] } },
    rules: [
      { name: 'calm', matchConstraints: { resourceRules: [pods] }, validations: [{ expression: "!('noisy' in object.metadata.labels)" }] },
    ],
  },
};

/** A Scan that ended, and the seconds from its request to its end. */
export interface BenchScan {
  readonly seconds: number;
  readonly scan: Scan;
}

const hasEnded = ({ status }: Scan): boolean => status?.phase === 'Complete' || status?.phase === 'Failed';

/** Creates the pods and scans of a benchmark in a cluster that runs the operator. */
export class BenchCluster {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Creates the pods with the numbers `from` to `to` - 1, and their namespaces. */
  async makePods(from: number, to: number): Promise<void> {
    const numbers = Array.from({ length: to - from }, (_, at) => from + at);
    for (const name of new Set(numbers.map((index) => podPlace(index).namespace)))
      await this.#client.create(RESOURCES.namespaces, { metadata: { name } }).catch(() => undefined);
    await sleep(1500);
    await concurrently(numbers, 8, async (index) => {
      await this.#client.create(RESOURCES.pods, pod(index));
    });
  }

  /** Starts to record the memory of the operator. */
  async watchOperator(): Promise<MemoryWatch> {
    const { uid = '' } = (await this.operatorPod()).metadata;
    return new MemoryWatch('vigil.mjs', uid);
  }

  /** The pod of the operator. */
  async operatorPod(): Promise<KubeObject> {
    const selection = { namespace: 'vigil-system', labelSelector: 'app.kubernetes.io/component=operator' };
    const [pod] = await listAll<KubeObject>(this.#client, RESOURCES.pods, selection);
    if (!pod) throw new Error('no operator runs in vigil-system');
    return pod;
  }

  /** Creates the policy, and turns off onChange in the default schedule: only some benchmarks measure changes. */
  async makePolicy(): Promise<void> {
    await eventually('the default schedule exists', async () => (await listAll(this.#client, RESOURCES.schedules)).length > 0);
    await this.#client.patch(RESOURCES.schedules, { name: 'default' }, { spec: { onChange: null } });
    await this.#client.create(RESOURCES.policies, benchPolicy);
  }

  /** Deletes the policy, its Scans and its reports, and waits until they are gone. */
  async removePolicy(): Promise<void> {
    const named = { name: benchPolicy.metadata.name };
    await this.#client.delete(RESOURCES.policies, named);
    for (const { metadata } of await listAll<KubeObject>(this.#client, RESOURCES.scans))
      await this.#client.delete(RESOURCES.scans, { name: metadata.name });
    const isGone = async (): Promise<boolean> =>
      (await listAll(this.#client, RESOURCES.policies)).length === 0 &&
      (await listAll(this.#client, RESOURCES.scans)).length === 0 &&
      (await listAll(this.#client, RESOURCES.reports)).length === 0;
    await eventually('the policy and its reports are deleted', isGone);
  }

  /**
   * Creates the policy and waits for the end of the Scan that the operator starts for it. The objects exist before: failures of objects that
   * are younger than the policy are Events too.
   */
  async firstScan(): Promise<BenchScan> {
    const started = performance.now();
    await this.makePolicy();
    for (;;) {
      const ended = (await listAll<Scan>(this.#client, RESOURCES.scans)).find(hasEnded);
      if (ended) return { seconds: (performance.now() - started) / 1000, scan: ended };
      await sleep(100);
    }
  }

  /** Creates a Scan and waits for its end. */
  async scan(name: string, { full }: { readonly full: boolean }): Promise<BenchScan> {
    const started = performance.now();
    await this.#client.create(RESOURCES.scans, { metadata: { name }, spec: { policies: ['bench'], full } } as Scan);
    for (;;) {
      const found = await this.#client.get<Scan>(RESOURCES.scans, { name });
      if (hasEnded(found)) return { seconds: (performance.now() - started) / 1000, scan: found };
      await sleep(100);
    }
  }
}

/** Polls until a condition is true, at most ten minutes. */
export async function eventually(what: string, probe: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await probe()); tries += 1) {
    if (tries > 1200) throw new Error(`not within ten minutes: ${what}`);
    await sleep(500);
  }
}
