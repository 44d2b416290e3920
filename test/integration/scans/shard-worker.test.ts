import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { discoverResources } from '../../../operator/kube/discovery.ts';
import type { ScanInput } from '../../../operator/worker/scan-input.ts';
import type { Slice } from '../../../operator/worker/shard.ts';
import { acceptStream } from '../../../operator/stream/stream-reader.ts';
import type { StreamRecord, TargetRecord } from '../../../operator/stream/stream-record.ts';
import { StreamWriter } from '../../../operator/stream/stream-writer.ts';
import { ShardWorker, type ShardSummary } from '../../../operator/worker/shard-worker.ts';
import { serverMinor, testClient, uniqueName } from '../cluster-access.ts';

describe('a worker on a real API server', function () {
  this.timeout(60_000);
  const client = testClient();
  const namespace = uniqueName('worker');
  let input: ScanInput;
  let pods: number;

  before(async () => {
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
    await client
      .create(
        { group: '', version: 'v1', resource: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
        { metadata: { namespace, name: 'default' } },
      )
      .catch(() => undefined);
    const pod = (name: string, hostPID: boolean): KubeObject =>
      ({ metadata: { namespace, name }, spec: { hostPID, containers: [{ name: 'c', image: 'i:1' }] } }) as KubeObject;
    for (let index = 0; index < 40; index++)
      await client.create(RESOURCES.pods, pod(`pod-${String(index).padStart(2, '0')}`, index % 2 === 0));
    const resources = await discoverResources(client);
    pods = resources.findIndex(({ group, resource }) => group === '' && resource === 'pods');
    input = {
      scan: { name: 'test', uid: 'u' },
      kubernetesVersion: serverMinor(),
      systemNamespaces: ['kube-system'],
      policies: [
        { name: 'baseline', uid: 'p', generation: 1, revision: '1-a', spec: { controls: [{ name: 'host-pid' }, { name: 'host-ipc' }] } },
      ],
      resources,
      namespaces: { [namespace]: { labels: {} } },
    };
  });

  after(() => client.delete(RESOURCES.namespaces, { name: namespace }));

  async function work(slice: Partial<Slice>, streamBytes = 4_000_000): Promise<{ summary: ShardSummary; targets: TargetRecord[] }> {
    const lines: string[] = [];
    const writer = new StreamWriter((line) => lines.push(line));
    const shard = { slices: [{ resource: pods, namespace, targets: 40, policies: { baseline: 40 }, ...slice }], pageSize: 7 };
    const summary = await new ShardWorker({
      client,
      input,
      shard,
      index: 3,
      writer,
      streamBytes,
      signal: new AbortController().signal,
    }).run();
    const stream = await acceptStream<ShardSummary>(
      (async function* () {
        await Promise.resolve();
        yield* lines;
      })(),
    );
    expect(stream.trailer.body).to.deep.equal(summary);
    return {
      summary,
      targets: ([...stream.records()] as StreamRecord[]).filter((record): record is TargetRecord => record.type === 'target'),
    };
  }

  it('evaluates every object of its slice once, with verdicts that add up', async () => {
    const { summary, targets } = await work({});
    expect(targets.map(({ target }) => target.name)).to.deep.equal(
      Array.from({ length: 40 }, (_, index) => `pod-${String(index).padStart(2, '0')}`),
    );
    expect(summary).to.deep.include({ shard: 3, scanned: 40, failed: 0, rest: [] });
    expect(summary.policies['baseline']?.summary).to.deep.equal({ pass: 60, fail: 20, warn: 0, error: 0, skip: 0 });
    expect(targets[0]?.results.map(({ check, verdict, path }) => [check, verdict, path])).to.deep.equal([
      ['host-pid', 'fail', 'spec.hostPID'],
    ]);
    expect(targets[1]?.results).to.deep.equal([]);
  });

  it('reads only its range, and continues where another one ended', async () => {
    const { targets } = await work({ after: 'pod-09', to: 'pod-12' });
    expect(targets.map(({ target }) => target.name)).to.deep.equal(['pod-10', 'pod-11', 'pod-12']);
  });

  it('returns the rest that does not fit into its stream, without loss', async () => {
    const seen: string[] = [];
    let rest: readonly Slice[] = [{ resource: pods, namespace, targets: 40, policies: { baseline: 40 } }];
    for (let round = 0; rest.length > 0 && round < 60; round++) {
      const { summary, targets } = await work(rest[0] ?? {}, -1 + round);
      seen.push(...targets.map(({ target }) => target.name));
      if (round === 0) expect(summary.rest).to.have.length(1);
      rest = round === 0 ? summary.rest : (await work(summary.rest[0] ?? { after: 'pod-99' })).targets.length === 0 ? [] : summary.rest;
    }
    expect(new Set(seen).size).to.equal(seen.length);
    expect(seen).to.have.length(40);
  });
});
