import { expect } from 'chai';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import type { StreamRecord, UnreadableRecord } from '../../operator/stream/stream-record.ts';
import type { ScanInput } from '../../operator/worker/scan-input.ts';
import { indexOfResource } from '../../operator/worker/shard.ts';
import { ShardWorker } from '../../operator/worker/shard-worker.ts';
import { KINDS, RescanBench } from '../scans/rescan/rescan-bench.ts';

/** Evaluates the RoleBindings of namespace blue. Returns the records of kinds that could not be read, and the verdicts. */
async function evaluated(
  { objects }: RescanBench,
  controls: readonly string[],
): Promise<{ readonly unread: readonly UnreadableRecord[]; readonly verdicts: readonly string[] }> {
  const records: StreamRecord[] = [];
  const writer = { bytes: 0, record: (value: unknown) => void records.push(value as StreamRecord), end: () => undefined };
  const policyOf = (name: string, control: string): unknown => ({
    name,
    uid: name,
    generation: 1,
    spec: { controls: [{ name: control }] },
  });
  const input = {
    scan: { name: 's', uid: 's' },
    kubernetesVersion: '1.36',
    systemNamespaces: [],
    policies: controls.map((control, index) => policyOf(`p${index}`, control)),
    resources: builtinResources,
    namespaces: { blue: { labels: {} } },
  } as unknown as ScanInput;
  const slice = { resource: indexOfResource(builtinResources, KINDS.roleBindings)!, namespace: 'blue', targets: 1, policies: { p0: 1 } };
  const shard = { slices: [slice], pageSize: 10 };
  const { signal } = new AbortController();
  await new ShardWorker({ client: objects.client, input, shard, index: 0, writer, streamBytes: 1e6, signal }).run();
  return {
    unread: records.filter((record) => record.type === 'unreadable'),
    verdicts: records.flatMap((record) =>
      record.type === 'target' ? record.results.map(({ policy, check, verdict }) => `${policy ?? ''} ${check} ${verdict}`) : [],
    ),
  };
}

/** A cluster with a RoleBinding, in which some lists are refused. */
function refusing(...lists: readonly string[]): RescanBench {
  const bench = new RescanBench();
  const subjects = [{ kind: 'ServiceAccount', name: 'web', namespace: 'green' }];
  const roleRef = { kind: 'ClusterRole', name: 'view', apiGroup: 'rbac.authorization.k8s.io' };
  bench.objects.put(KINDS.roleBindings, { metadata: { name: 'r', namespace: 'blue' }, roleRef, subjects } as KubeObject);
  bench.objects.put(
    builtinResources.find(({ resource }) => resource === 'clusterroles')!,
    { metadata: { name: 'view' } },
  );
  for (const list of lists) bench.objects.refused.add(list);
  return bench;
}

describe('a kind that the checks of a shard read and that may not be listed', () => {
  it('is recorded without targets, with the policies whose checks are errors because of it', async () => {
    const { unread, verdicts } = await evaluated(refusing('/serviceaccounts'), ['rbac-dangling-binding', 'host-network']);
    expect(verdicts.filter((verdict) => verdict.endsWith('error'))).to.deep.equal(['p0 rbac-dangling-binding error']);
    expect(unread.map(({ resource: { resource }, targets, policies }) => [resource, targets, policies])).to.deep.equal([
      ['serviceaccounts', 0, ['p0']],
    ]);
    expect(unread[0]?.message).to.include('serviceaccounts');
  });

  it('is not recorded when every kind can be read', async () =>
    expect(await evaluated(refusing(), ['rbac-dangling-binding'])).to.deep.equal({ unread: [], verdicts: [] }));
});
