import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { NamespaceRecord, StreamRecord, TargetRecord } from '../../operator/stream/stream-record.ts';
import type { ScanInput } from '../../operator/worker/scan-input.ts';
import { indexOfResource, WHOLE_CLUSTER, type Slice } from '../../operator/worker/shard.ts';
import { ShardWorker, type ShardSummary } from '../../operator/worker/shard-worker.ts';
import { MemoryApi } from '../kube/memory-api.ts';

const known = (name: string): ApiResource => builtinResources.find(({ resource }) => resource === name) as ApiResource;
const [services, deployments, policies] = [known('services'), known('deployments'), known('networkpolicies')];

/** A cluster with two Deployments, of which a Service selects one, and pods. */
class WorkerBench {
  readonly api = new MemoryApi();
  records: StreamRecord[] = [];
  ended: unknown;

  async deployment(name: string, namespace = 'shop'): Promise<void> {
    const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'a:1' }] } };
    await this.api.create(deployments, { metadata: { namespace, name, uid: `u-${name}` }, spec: { template } } as KubeObject);
  }

  service(name: string, app: string): Promise<KubeObject> {
    return this.api.create(services, {
      metadata: { namespace: 'shop', name },
      spec: { selector: { app }, ports: [{ port: 80 }] },
    } as KubeObject);
  }

  /** Evaluates these resources of the namespace shop with these controls. */
  async run(controls: readonly string[], resources: readonly (ApiResource | typeof WHOLE_CLUSTER)[]): Promise<ShardSummary> {
    const input = {
      ...{ scan: { name: 's', uid: 's' }, kubernetesVersion: '1.36', systemNamespaces: [], resources: builtinResources },
      policies: [{ name: 'p', uid: 'p', generation: 1, revision: '1-a', spec: { controls: controls.map((name) => ({ name })) } }],
      namespaces: { shop: { labels: {} } },
    } as unknown as ScanInput;
    const slices = resources.map((resource): Slice => {
      const counts = { targets: 2, policies: { p: 2 } };
      if (resource === WHOLE_CLUSTER) return { ...counts, resource, targets: 1 };
      return { ...counts, resource: indexOfResource(builtinResources, resource) ?? 0, namespace: 'shop' };
    });
    this.records = [];
    const writer = {
      bytes: 0,
      record: (value: unknown) => void this.records.push(value as StreamRecord),
      end: (body: unknown) => void (this.ended = body),
    };
    const { signal } = new AbortController();
    return new ShardWorker({ client: this.api, input, shard: { slices, pageSize: 10 }, index: 3, writer, streamBytes: 1e9, signal }).run();
  }

  get verdicts(): string[] {
    const targets = this.records.filter((record): record is TargetRecord => record.type === 'target');
    return targets.flatMap(({ target, results }) => results.map(({ check, verdict }) => `${target.name} ${check} ${verdict}`));
  }
}

describe('the checks among objects of a shard', () => {
  let bench: WorkerBench;
  beforeEach(async () => {
    bench = new WorkerBench();
    for (const name of ['web', 'data']) await bench.deployment(name);
    await bench.service('web', 'web');
    await bench.service('lost', 'nobody');
  });

  it('read the other objects of the namespace', async () => {
    const summary = await bench.run(['netpol-coverage'], [deployments]);
    expect(bench.verdicts).to.deep.equal(['web netpol-coverage fail', 'data netpol-coverage fail']);
    expect([summary.scanned, summary.shard, bench.ended]).to.deep.equal([2, 3, summary]);
    await bench.api.create(policies, {
      metadata: { namespace: 'shop', name: 'deny' },
      spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress', 'Egress'] },
    } as KubeObject);
    await bench.run(['netpol-coverage'], [deployments]);
    expect(bench.verdicts).to.deep.equal(['data netpol-coverage fail']);
  });

  it('record the sets of objects that they read, with a digest that changes', async () => {
    const readsOf = (): NamespaceRecord['reads'] => bench.records.flatMap((record) => (record.type === 'namespace' ? record.reads : []));
    await bench.run(['netpol-coverage'], [deployments]);
    const before = readsOf();
    expect(before.map(([kind]) => kind)).to.include('networkpolicies.networking.k8s.io');
    await bench.api.create(policies, { metadata: { namespace: 'shop', name: 'deny' }, spec: { podSelector: {} } } as KubeObject);
    await bench.run(['netpol-coverage'], [deployments]);
    const changed = readsOf().filter(
      ([kind, place, digest]) => !before.some((read) => read[0] === kind && read[1] === place && read[2] === digest),
    );
    expect(changed.map(([kind]) => kind)).to.deep.equal(['networkpolicies.networking.k8s.io']);
  });

  for (const status of [403, 404])
    it(`are errors, and the kind is reported as unread, if the API server responds with ${status}`, async () => {
      bench.api.onCall = ({ path }) => {
        if (path.endsWith('/networkpolicies')) throw new KubeApiError('no', { status });
      };
      const { scanned, failed } = await bench.run(['netpol-coverage'], [deployments]);
      expect([scanned, failed]).to.deep.equal([2, 0]);
      expect(bench.verdicts).to.deep.equal(['web netpol-coverage error', 'data netpol-coverage error']);
      const unread = bench.records.flatMap((record) => (record.type === 'unreadable' ? [record] : []));
      expect(unread.map(({ resource, targets, policies: of }) => [resource, targets, of])).to.deep.equal([
        [{ group: 'networking.k8s.io', resource: 'networkpolicies', kind: 'NetworkPolicy' }, 0, ['p']],
      ]);
      expect(unread[0]?.message).to.contain('API group networking.k8s.io');
    });

  it('throw any other error of the API server', async () => {
    const failure = new KubeApiError('etcd', { status: 500 });
    bench.api.onCall = ({ path }) => {
      if (path.endsWith('/networkpolicies')) throw failure;
    };
    const thrown: unknown = await bench.run(['netpol-coverage'], [deployments]).catch((error: unknown) => error);
    expect(thrown).to.equal(failure);
  });

  it('evaluate the cluster as a whole once', async () => {
    await bench.api.create(RESOURCES.namespaces, { metadata: { name: 'shop' } });
    const { scanned } = await bench.run(['admission-policy-present'], [WHOLE_CLUSTER]);
    expect([scanned, bench.verdicts]).to.deep.equal([1, ['cluster admission-policy-present fail']]);
  });

  it('do not read a namespace that is not part of the scan', async () => {
    await bench.deployment('other', 'elsewhere');
    await bench.api.create(RESOURCES.namespaces, { metadata: { name: 'elsewhere' } });
    await bench.run(['host-network'], [deployments]);
    const targets = bench.records.flatMap((record) => (record.type === 'target' ? record.target.name : []));
    expect(targets).to.deep.equal(['web', 'data']);
  });
});
