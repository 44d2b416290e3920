import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { Credentials } from '../../../operator/kube/client/credentials.ts';
import { discoverResources } from '../../../operator/kube/discovery.ts';
import { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import type { ScanInput } from '../../../operator/worker/scan-input.ts';
import type { StreamRecord, TargetRecord, UnreadableRecord } from '../../../operator/stream/stream-record.ts';
import { ShardWorker } from '../../../operator/worker/shard-worker.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';
import { desiredReports } from '../../../operator/reports/publishing/evaluation-results.ts';

describe('a kind that a worker cannot list any more, on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const namespace = uniqueName('unread');
  let worker: KubeClient;
  let input: ScanInput;

  before(async () => {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
    kubectl(['-n', namespace, 'create', 'serviceaccount', 'worker']);
    // Permissions for everything that is needed, except NetworkPolicies.
    const workloads = ['deployments', 'daemonsets', 'replicasets', 'statefulsets'].map((name) => `${name}.apps`);
    const listed = ['pods', 'namespaces', 'podtemplates', 'replicationcontrollers', 'jobs.batch', 'cronjobs.batch', ...workloads];
    kubectl(['create', 'clusterrole', namespace, '--verb=list', `--resource=${listed.join(',')}`]);
    kubectl(['create', 'clusterrolebinding', namespace, `--clusterrole=${namespace}`, `--serviceaccount=${namespace}:worker`]);
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromDefault();
    const server = kubeConfig.getCurrentCluster();
    if (!server) throw new Error('the kubeconfig names no cluster');
    const token = kubectl(['-n', namespace, 'create', 'token', 'worker']).trim();
    const asWorker = new KubeConfig();
    asWorker.loadFromClusterAndUser(server, { name: 'worker', token });
    worker = new KubeClient(new Credentials({ kubeConfig: asWorker }));
    const pod = { metadata: { namespace, name: 'web', labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } };
    await client.create(RESOURCES.pods, pod);
    const spec = { controls: [{ name: 'netpol-coverage' }] };
    input = {
      scan: { name: 'test', uid: 'u' },
      kubernetesVersion: '1.36',
      systemNamespaces: ['kube-system'],
      policies: [{ name: 'netpols', uid: 'p', generation: 1, revision: '1-a', spec }],
      resources: await discoverResources(client),
      namespaces: { [namespace]: { labels: {} } },
    };
  });

  after(async () => {
    kubectl(['delete', 'clusterrolebinding,clusterrole', namespace]);
    await worker.credentials.close();
    await client.delete(RESOURCES.namespaces, { name: namespace });
  });

  /** The records of a worker about the pod, as the operator (`names`) or as a scan. */
  async function judged(as: KubeClient, names?: readonly string[]): Promise<readonly StreamRecord[]> {
    const records: StreamRecord[] = [];
    const writer = { bytes: 0, record: (record: unknown) => void records.push(record as StreamRecord), end: () => undefined };
    const resource = input.resources.findIndex(({ group, resource: name }) => group === '' && name === 'pods');
    const slice = { resource, namespace, targets: 1, policies: { netpols: 1 }, ...(names ? { names } : {}) };
    const signal = AbortSignal.timeout(60_000);
    const work = { client: as, input, shard: { slices: [slice], pageSize: 10 }, index: 0, writer, streamBytes: 1_000_000, signal };
    await new ShardWorker(work).run();
    return records;
  }
  const targetsIn = (records: readonly StreamRecord[]): TargetRecord[] => records.filter((record) => record.type === 'target');

  it('keeps the known failure as stale, with the same message everywhere, and reports nothing as new when it is readable again', async () => {
    const publisher = new ReportPublisher(client);
    const policies = [
      { name: 'netpols', uid: 'p', generation: 1, revision: '1-a', listPasses: false, ownerLabels: [], excludedNamespaces: 0 },
    ];
    const publish = async (records: readonly StreamRecord[], seconds: number): Promise<readonly unknown[]> => {
      const context = { id: `scan-${seconds}`, seconds, policies, isAlive: () => true, evaluatedSince: () => 1 };
      const published = await publisher.publish(targetsIn(records).flatMap((record) => desiredReports(record, context)));
      const report = await client.get(RESOURCES.reports, { namespace, name: 'vigil-pod-web' });
      const { results = [] } = report as { results?: { result: string; message: string; properties: Record<string, string> }[] };
      return [published.new, published.fixed, results.map(({ result, properties }) => [result, properties['stale']])];
    };
    const none = { critical: 0, high: 0, medium: 0, low: 0 };
    const able = await judged(client);
    expect((await publish(able, 100))[2]).to.deep.equal([['fail', undefined]]);
    const lost = await judged(worker);
    const messages = [lost, await judged(worker, ['web'])].map((records) => targetsIn(records)[0]?.results[0]?.message);
    expect(new Set(messages).size).to.equal(1);
    expect(messages[0]).to.match(
      /^cannot be evaluated: cannot list networkpolicies in API group networking.k8s.io: grant it by a ClusterRole/,
    );
    expect(messages[0]).not.to.include('serviceaccount');
    const unread = lost.filter((record): record is UnreadableRecord => record.type === 'unreadable');
    expect(unread.map(({ resource, targets, policies: of }) => [resource.resource, targets, of])).to.deep.equal([
      ['networkpolicies', 0, ['netpols']],
    ]);
    const kept = [
      ['fail', 'true'],
      ['error', undefined],
    ];
    expect(await publish(lost, 200)).to.deep.equal([none, none, kept]);
    expect(await publish(able, 300)).to.deep.equal([none, none, [['fail', undefined]]]);
  });
});
