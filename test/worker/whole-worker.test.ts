import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { documentFiles } from '../../operator/kube/documents/mounted-document.ts';
import { DocumentDamaged } from '../../operator/kube/documents/document-error.ts';
import type { StreamRecord, TargetRecord } from '../../operator/stream/stream-record.ts';
import { INPUT, INPUT_FILE, SHARDS, SHARDS_FILE } from '../../operator/worker/input-documents.ts';
import { reportingPolicy, snapshotOf } from '../../operator/worker/policy-snapshot.ts';
import type { ScanInput } from '../../operator/worker/scan-input.ts';
import { indexOfResource, WHOLE_CLUSTER, type Slice } from '../../operator/worker/shard.ts';
import { ShardWorker, type ShardSummary } from '../../operator/worker/shard-worker.ts';
import { unreadableReason } from '../../operator/worker/unreadable-reason.ts';
import { workerVerb } from '../../operator/worker/worker-verb.ts';
import { ApiDouble, says } from '../kube/api-double.ts';
import { MemoryApi } from '../kube/memory-api.ts';
import { runVerb, streamOf } from '../stream/verb-output.ts';

const resourceOf = (kind: string): ApiResource => builtinResources.find((each) => each.kind === kind) as ApiResource;
const [deployments, replicaSets, pods, namespaces] = ['Deployment', 'ReplicaSet', 'Pod', 'Namespace'].map(resourceOf) as [
  ApiResource,
  ApiResource,
  ApiResource,
  ApiResource,
];
const sliceOf = (resource: ApiResource, targets: number, more: Partial<Slice> = {}): Slice => ({
  resource: indexOfResource(builtinResources, resource) ?? -2,
  ...{ namespace: 'shop', targets, policies: { p: targets } },
  ...more,
});
const inputOf = (specs: Readonly<Record<string, SecurityPolicySpec>>): ScanInput => ({
  scan: { name: 's', uid: 's' },
  kubernetesVersion: '1.36',
  systemNamespaces: [],
  policies: Object.entries(specs).map(([name, spec]) => snapshotOf({ metadata: { name, uid: name, generation: 1 }, spec }, '1.36')),
  resources: builtinResources,
  namespaces: { shop: { labels: { team: 'a' } }, bank: { labels: {} } },
});
const controls = (...names: readonly string[]): SecurityPolicySpec => ({ controls: names.map((name) => ({ name })) });

describe('a worker', () => {
  let api: MemoryApi;
  beforeEach(() => void (api = new MemoryApi()));

  async function deployment(name: string, spec: object = {}, metadata: object = {}): Promise<void> {
    const template = { spec: { containers: [{ name: 'main', image: 'a:1' }], ...spec } };
    await api.create(deployments, {
      metadata: { namespace: 'shop', name, uid: `u-${name}`, ...metadata },
      spec: { template },
    } as KubeObject);
  }
  async function podOf(deploymentName: string, name: string, spec: object): Promise<void> {
    const owner = (kind: string, of: string) => [{ apiVersion: 'apps/v1', kind, name: of, uid: `u-${of}`, controller: true }];
    const set = `${deploymentName}-1`;
    if (!(await api.get(replicaSets, { namespace: 'shop', name: set }).catch(() => undefined)))
      await api.create(replicaSets, {
        metadata: { namespace: 'shop', name: set, uid: `u-${set}`, ownerReferences: owner('Deployment', deploymentName) },
      });
    await api.create(pods, {
      metadata: { namespace: 'shop', name, ownerReferences: owner('ReplicaSet', set) },
      spec: { containers: [{ name: 'main', image: 'a:1' }], ...spec },
      status: { phase: 'Running' },
    } as KubeObject);
  }

  interface Worked {
    readonly summary: ShardSummary;
    readonly records: readonly StreamRecord[];
    readonly targets: readonly TargetRecord[];
  }
  async function work(
    slices: readonly Slice[],
    specs: Readonly<Record<string, SecurityPolicySpec>>,
    { streamBytes = 1e6, pageSize = 2 } = {},
  ): Promise<Worked> {
    const records: StreamRecord[] = [];
    const writer = {
      get bytes() {
        return records.length;
      },
      record: (record: unknown) => void records.push(record as StreamRecord),
      end: () => undefined,
    };
    const { signal } = new AbortController();
    const summary = await new ShardWorker({
      client: api,
      input: inputOf(specs),
      shard: { slices, pageSize },
      index: 3,
      writer,
      streamBytes,
      signal,
    }).run();
    return { summary, records, targets: records.filter((record) => record.type === 'target') };
  }
  const failures = ({ targets }: Worked): string[] =>
    targets.flatMap(({ target, results }) =>
      results
        .filter(({ verdict }) => verdict === 'fail')
        .map(({ policy, check, pod }) => `${target.name} ${policy ?? ''} ${check}${pod === undefined ? '' : ` ${pod}`}`),
    );

  it('writes a record of each object with its verdicts, and counts them', async () => {
    await deployment('web', { hostNetwork: true }, { labels: { app: 'web' }, creationTimestamp: '2026-01-01T00:00:00Z' });
    await deployment('good');
    const worked = await work([sliceOf(deployments, 2)], { p: controls('host-network', 'host-pid'), q: controls('host-pid') });
    const { targets, summary } = worked;
    expect(failures(worked)).to.deep.equal(['web p host-network']);
    expect(targets[0]?.target).to.deep.equal({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u-web', resourceVersion: '1' },
      ...{ labels: { app: 'web' }, created: '2026-01-01T00:00:00Z' },
    });
    expect(targets.map(({ passes }) => passes)).to.deep.equal([
      { p: 1, q: 1 },
      { p: 2, q: 1 },
    ]);
    expect(summary).to.deep.include({ shard: 3, scanned: 2, failed: 0, unread: {}, rest: [] });
    expect(summary.policies['p']?.targets).to.equal(2);
    expect(summary.policies['p']?.checks['host-network']).to.deep.include({ pass: 1, fail: 1 });
    expect(summary.peakMebibytes).to.be.greaterThan(1);
  });

  it('adds the failures of live pods to their workload, and takes back what the template passed', async () => {
    await deployment('web');
    await deployment('quiet');
    await podOf('web', 'web-1-a', { hostNetwork: true });
    await podOf('web', 'web-1-b', {});
    await podOf('quiet', 'quiet-1-a', {});
    const worked = await work([sliceOf(deployments, 2)], { p: controls('host-network') });
    expect(failures(worked)).to.deep.equal(['web p host-network web-1-a']);
    expect(worked.summary.policies['p']?.checks['host-network']).to.deep.include({ pass: 1, fail: 1 });
    expect(api.calls.filter((call) => call.endsWith('/pods') || call.endsWith('/replicasets')).length).to.be.greaterThan(2);
  });

  it('reads no pods beside kinds that have none, or in other namespaces', async () => {
    await api.create(namespaces, { metadata: { name: 'shop' } });
    api.calls.length = 0;
    await work([sliceOf(namespaces, 1, { names: ['shop'] })], { p: controls('namespace-psa-enforced') });
    expect(api.calls.filter((call) => call.endsWith('/pods'))).to.deep.equal([]);
    await deployment('web');
    api.calls.length = 0;
    await work([sliceOf(deployments, 1)], { p: controls('host-network') });
    expect(api.calls.filter((call) => call.endsWith('/pods'))).to.deep.equal(['GET /api/v1/namespaces/shop/pods']);
  });

  for (const status of [403, 404])
    it(`evaluates templates without live pods that cannot be listed (${status})`, async () => {
      await deployment('web', { hostNetwork: true });
      await podOf('web', 'web-1-a', { hostPID: true });
      api.onCall = ({ path }) => {
        if (path.endsWith('/pods')) throw new KubeApiError('no', { status });
      };
      expect(failures(await work([sliceOf(deployments, 1)], { p: controls('host-network', 'host-pid') }))).to.deep.equal([
        'web p host-network',
      ]);
    });

  it('throws if live pods cannot be listed for another reason', async () => {
    await deployment('web');
    api.onCall = ({ path }) => {
      if (path.endsWith('/pods')) throw new KubeApiError('etcd', { status: 500 });
    };
    expect(
      await work([sliceOf(deployments, 1)], { p: controls('host-network') }).catch((error: unknown) => (error as Error).message),
    ).to.equal('etcd');
  });

  it('evaluates only the named objects: a few one by one, and many from the list', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `d-${String(index).padStart(2, '0')}`);
    for (const name of names) await deployment(name);
    const lists = (): number => api.calls.filter((call) => call.startsWith('GET') && call.endsWith('/deployments')).length;
    for (const [count, pageSize, requests] of [
      [20, 100, 20],
      [21, 100, 1],
      [21, 10, 3],
    ] as const) {
      api.calls.length = 0;
      const { targets, summary } = await work(
        [sliceOf(deployments, count, { names: names.slice(0, count) })],
        { p: controls('host-network') },
        { pageSize },
      );
      expect([targets.length, summary.scanned, lists()]).to.deep.equal([count, count, requests]);
    }
  });

  it('leaves what does not fit into the stream to further shards, with what remains of each policy', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await deployment(name);
    const first = sliceOf(deployments, 5, { policies: { p: 5, q: 2 } });
    const later = sliceOf(pods, 1);
    const { summary } = await work([first, later], { p: controls('host-network') }, { streamBytes: 2, pageSize: 4 });
    expect(summary.rest).to.deep.equal([{ ...first, after: 'c', targets: 2, policies: { p: 2, q: 2 } }, later]);
    const { after, ...whole } = summary.rest[0] as Slice;
    const next = await work([{ ...whole, ...(after === undefined ? {} : { after }) }], { p: controls('host-network') });
    expect(next.targets.map(({ target }) => target.name)).to.deep.equal(['d', 'e']);
  });

  it('counts the second slice by itself', async () => {
    for (const name of ['a', 'b', 'c']) await deployment(name);
    for (const name of ['x', 'y', 'z'])
      await api.create(pods, { metadata: { namespace: 'shop', name }, spec: { containers: [] } } as KubeObject);
    const { summary } = await work(
      [sliceOf(deployments, 3), sliceOf(pods, 3)],
      { p: controls('host-network') },
      { streamBytes: 4, pageSize: 10 },
    );
    expect(summary.rest).to.deep.equal([{ ...sliceOf(pods, 3), after: 'y', targets: 1, policies: { p: 1 } }]);
  });

  it('reports a kind that cannot be listed, and evaluates the others', async () => {
    await deployment('web');
    api.onCall = ({ path }) => {
      if (path.endsWith('/services')) throw new KubeApiError('services is forbidden', { status: 403 });
    };
    const services = resourceOf('Service');
    const { summary, records } = await work([sliceOf(services, 2, { policies: { p: 2, q: 1 } }), sliceOf(deployments, 1)], {
      p: controls('host-network'),
    });
    expect(summary).to.deep.include({ scanned: 1, failed: 2, unread: { p: 2, q: 1 } });
    expect(records.find(({ type }) => type === 'unreadable')).to.deep.equal({
      ...{
        type: 'unreadable',
        resource: { group: '', resource: 'services', kind: 'Service' },
        targets: 2,
        policies: ['p', 'q'],
        namespace: 'shop',
      },
      message: 'cannot list services in the core API group: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true"',
    });
  });

  it('throws any other error, so that the shard is tried again', async () => {
    api.onCall = ({ path }) => {
      if (path.endsWith('/deployments')) throw new KubeApiError('etcd', { status: 500 });
    };
    expect(
      await work([sliceOf(deployments, 1)], { p: controls('host-network') }).catch((error: unknown) => (error as Error).message),
    ).to.equal('etcd');
  });

  it('evaluates cluster-scoped objects and the cluster as a whole', async () => {
    const nodes = resourceOf('ClusterRole');
    await api.create(nodes, { metadata: { name: 'all' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] } as KubeObject);
    const { namespace: _, ...cluster } = sliceOf(nodes, 1);
    const worked = await work([cluster, { resource: WHOLE_CLUSTER, targets: 1, policies: { p: 1 } }], { p: controls('rbac-wildcard-all') });
    expect(worked.targets.map(({ target }) => `${target.kind} ${target.name}`)).to.deep.equal(['ClusterRole all', 'Cluster cluster']);
    expect(
      worked.records.filter(({ type }) => type === 'namespace').map((record) => (record as { namespace: string }).namespace),
    ).to.deep.equal(['']);
  });

  it('records for each namespace the sets of objects that its verdicts depend on', async () => {
    await deployment('web');
    await podOf('web', 'web-1-a', {});
    const inBank = { metadata: { namespace: 'bank', name: 'x' }, spec: { containers: [] } } as KubeObject;
    await api.create(pods, inBank);
    const reads = async (): Promise<Readonly<Record<string, readonly unknown[]>>> => {
      const slices = [sliceOf(deployments, 1), sliceOf(pods, 1, { namespace: 'bank' })];
      const { records } = await work(slices, { p: controls('host-network') });
      const namespaceRecords = records.filter((record) => record.type === 'namespace');
      return Object.fromEntries(namespaceRecords.map(({ namespace, reads: sets }) => [namespace, sets]));
    };
    const before = await reads();
    expect(Object.keys(before)).to.deep.equal(['shop', 'bank']);
    expect([before['shop']?.length, before['bank']]).to.deep.equal([3, []]);
    await podOf('web', 'web-1-b', {});
    const after = await reads();
    expect(after['shop']).to.not.deep.equal(before['shop']);
  });

  it('ignores objects outside of the namespaces and scopes of the scan', async () => {
    await deployment('web', { hostNetwork: true });
    await api.create(deployments, {
      metadata: { namespace: 'bank', name: 'x' },
      spec: { template: { spec: { hostNetwork: true, containers: [] } } },
    } as KubeObject);
    const scoped = {
      ...controls('host-network'),
      scope: { namespaces: { selector: { matchLabels: { team: 'a' } } } },
    } as SecurityPolicySpec;
    const slices = ['shop', 'bank', 'other'].map((namespace) => sliceOf(deployments, 1, { namespace }));
    expect((await work(slices, { p: scoped })).targets.map(({ target }) => target.namespace)).to.deep.equal(['shop']);
  });
});

describe('unreadableReason', () => {
  const group = { group: 'apps', resource: 'deployments' };
  for (const [error, reason] of [
    [new KubeApiError('x', { status: 404 }), 'deployments in API group apps is no longer served by this cluster'],
    [
      new KubeApiError('x', { status: 403 }),
      'cannot list deployments in API group apps: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true"',
    ],
    [new Error('the list is not sorted'), 'the list is not sorted'],
    ['text', 'text'],
  ] as const)
    it(`is: ${reason}`, () => expect(unreadableReason(group, error)).to.equal(reason));
});

describe('the policies of a worker', () => {
  it('have a revision, and the settings of their reports', () => {
    const reporting: SecurityPolicySpec['reporting'] = { passing: 'List', ownerLabels: ['team'] };
    const snapshot = snapshotOf({ metadata: { name: 'p', uid: 'u', generation: 3 }, spec: { reporting } }, '1.36');
    expect(snapshot.revision).to.match(/^3-./);
    const { spec: _, ...about } = snapshot;
    expect(reportingPolicy(snapshot)).to.deep.equal({ ...about, listPasses: true, ownerLabels: ['team'] });
    expect(reportingPolicy(snapshotOf({ metadata: { name: 'p' }, spec: {} }, '1.36'))).to.deep.include({
      uid: '',
      generation: 0,
      listPasses: false,
      ownerLabels: [],
    });
  });
});

describe('the documents of a worker', () => {
  const input = inputOf({ p: controls('host-network') });
  it('have all fields of a scan, or are not read', () => {
    expect(INPUT.read(input, 1)).to.deep.equal(input);
    for (const field of Object.keys(input)) {
      const { [field]: _, ...rest } = input as unknown as Record<string, unknown>;
      expect(INPUT.read(rest, 1), field).to.equal(undefined);
    }
    const shards = { shards: [{ slices: [], pageSize: 10 }] };
    expect([SHARDS.read(shards, 1), SHARDS.read({}, 1), SHARDS.read(null, 1), SHARDS.read({ shards: 1 }, 1)]).to.deep.equal([
      shards,
      undefined,
      undefined,
      undefined,
    ]);
    expect([INPUT.name, INPUT.formatVersion, SHARDS.name, SHARDS.formatVersion]).to.deep.equal(['scan-input', 1, 'scan-shards', 1]);
  });
});

describe('vigil worker', () => {
  const before = { ...process.env };
  const server = new ApiDouble();
  let folder = '';
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-worker-'));
    const { credentials } = await server.start();
    const { server: address } = await credentials.current();
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      clusters: [{ name: 'c', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    };
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
    const shards = {
      shards: [
        { slices: [], pageSize: 10 },
        { slices: [sliceOf(deployments, 1)], pageSize: 10 },
      ],
    };
    for (const [name, bytes] of [
      ...documentFiles(INPUT_FILE, INPUT, inputOf({ p: controls('host-network') })),
      ...documentFiles(SHARDS_FILE, SHARDS, shards),
    ])
      writeFileSync(join(folder, name), bytes);
    Object.assign(process.env, { KUBECONFIG: join(folder, 'kubeconfig'), VIGIL_INPUT: folder, JOB_COMPLETION_INDEX: '1' });
    server.answers = [
      (answer, { url }) => {
        const template = { spec: { hostNetwork: true, containers: [{ name: 'main', image: 'a' }] } };
        const items = url.includes('/deployments') ? [{ metadata: { namespace: 'shop', name: 'web' }, spec: { template } }] : [];
        says({ metadata: {}, items })(answer);
      },
    ];
  });
  afterEach(() => {
    process.env = { ...before };
    rmSync(folder, { recursive: true });
  });
  after(() => server.stop());

  it('prints the stream of its shard', async () => {
    const output = await runVerb(workerVerb, []);
    expect(output.code).to.equal(0);
    const stream = await streamOf<ShardSummary>(output);
    const targets = [...(stream.records() as Iterable<StreamRecord>)].filter(({ type }) => type === 'target') as TargetRecord[];
    expect(targets.map(({ target, results }) => [target.name, results[0]?.check])).to.deep.equal([['web', 'host-network']]);
    expect(stream.trailer.body).to.deep.include({ shard: 1, scanned: 1 });
  });

  for (const index of ['2', undefined, 'x'])
    it(`exits with 42 if no shard has the index ${index ?? '(none)'}, since a retry cannot succeed`, async () => {
      delete process.env['JOB_COMPLETION_INDEX'];
      if (index !== undefined) process.env['JOB_COMPLETION_INDEX'] = index;
      const { code, lines } = await runVerb(workerVerb, []);
      expect([code, lines]).to.deep.equal([42, []]);
    });

  it('throws if its input is damaged or missing', async () => {
    rmSync(join(folder, `${INPUT_FILE}-000000`));
    expect(await runVerb(workerVerb, []).catch((error: unknown) => error)).to.be.instanceOf(DocumentDamaged);
    process.env['VIGIL_INPUT'] = join(folder, 'none');
    expect(await runVerb(workerVerb, []).catch((error: unknown) => (error as { code?: string }).code)).to.equal('ENOENT');
  });

  it('gives up a call after $VIGIL_REQUEST_TIMEOUT seconds', async () => {
    process.env['VIGIL_REQUEST_TIMEOUT'] = '0.02';
    server.answers = [() => undefined];
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 500);
    const thrown: unknown = await runVerb(workerVerb, [], stop.signal).catch((error: unknown) => error);
    expect((thrown as Error).message).to.match(/no response within 0\.02 s|aborted/);
    expect(server.calls.length).to.be.greaterThan(1);
  });
});
