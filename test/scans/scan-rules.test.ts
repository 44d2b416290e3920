import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { scanJob, type ScanJobInput } from '../../operator/scans/attempts/scan-job.ts';
import { scanGenerations, type GenerationScanDependencies, type MadeScans } from '../../operator/scans/generation-scan.ts';
import { packShards, type Count } from '../../operator/scans/plan/plan.ts';
import { planScan, type ScanPlan } from '../../operator/scans/plan/planner.ts';
import { beginScan, type BeginResult, type PlanDependencies } from '../../operator/scans/scan-plan.ts';
import { stageAfterFailure, stageWhileHeld } from '../../operator/scans/scan-failure.ts';
import { snapshotOf } from '../../operator/worker/policy-snapshot.ts';
import { MemoryApi } from '../kube/memory-api.ts';
import { collect, ledgerOf, scanOf } from './scan-bench.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const [startTime, minute] = ['2026-01-01T00:00:00Z', 60_000];

describe('a Scan whose step failed', () => {
  const scan = scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 600 } } });
  const error = new Error('no route');
  const stage = (after: number, failingFor: number, ledger?: ReturnType<typeof ledgerOf>): string => {
    const found = stageAfterFailure(scan, {
      error,
      startTime,
      ledger,
      failingFor: failingFor * minute,
      now: start + after * minute,
    });
    return 'message' in found ? `${found.stage} ${found.reason}: ${found.message}` : `${found.stage}: ${found.hold?.message ?? ''}`;
  };
  const ended = { ...collect(ledgerOf(), 0), endTime: '2026-01-01T00:05:00Z' };
  const late = (what: string): string => `could not be ${what} in 600 seconds (spec.scan.activeDeadlineSeconds): no route`;
  const retrying = 'retrying after an error: no route';

  for (const [what, found, expected] of [
    ['is planned again until its deadline', stage(9, 9), `planning: ${retrying}`],
    ['is planned for two minutes in each process, also after its deadline', stage(60, 1), `planning: ${retrying}`],
    ['cannot be planned after its deadline', stage(10, 2), `refused DeadlineExceeded: ${late('planned')}`],
    ['continues until its deadline since the last step that succeeded', stage(60, 9, ledgerOf()), `running: ${retrying}`],
    ['is stopped after its deadline since that step', stage(60, 10, ledgerOf()), `stopped DeadlineExceeded: ${late('continued')}`],
    ['is finished until its deadline after its last shard', stage(14, 14, ended), `running: ${retrying}`],
    ['is finished for two minutes in each process', stage(60, 1, ended), `running: ${retrying}`],
    ['cannot be finished after its deadline', stage(15, 2, ended), `stopped DeadlineExceeded: ${late('finished')}`],
  ] as const)
    it(what, () => expect(found).to.equal(expected));

  it('has the time of a pod as its deadline, an hour by default', () => {
    const plain = (after: number): string =>
      stageAfterFailure(scanOf(), { error, startTime, failingFor: 100 * minute, now: start + after * minute } as never).stage;
    expect([plain(59), plain(60)]).to.deep.equal(['planning', 'refused']);
  });

  it('waits while it is held until its deadline, and for two minutes at least', () => {
    const hold = { reason: 'CRDMissing', message: 'no CRD' };
    const held = (after: number, heldFor: number) =>
      stageWhileHeld(scan, { hold, startTime, heldFor: heldFor * minute, now: start + after * minute });
    expect(held(9, 9)).to.deep.equal({ stage: 'planning', startTime, hold });
    expect(held(60, 1)).to.deep.equal({ stage: 'planning', startTime, hold });
    expect(held(10, 2)).to.deep.equal({
      ...{ stage: 'refused', reason: 'DeadlineExceeded' },
      message: 'could not be planned in 600 seconds (spec.scan.activeDeadlineSeconds): no CRD',
    });
  });
});

describe('the Job of an attempt', () => {
  const jobOf = (change: Partial<ScanJobInput> = {}) => {
    const input: ScanJobInput = {
      ...{
        scan: { name: 's', uid: 'u' },
        namespace: 'v',
        attempt: 2,
        shards: 9,
        image: 'vigil:1',
        imagePullPolicy: 'Always',
        imagePullSecrets: [],
      },
      ...{ serviceAccount: 'a', configMaps: ['c'], template: {}, placement: {}, memoryFactor: 1, deadlineFactor: 1 },
      ...change,
    };
    const { spec, metadata } = scanJob(input) as unknown as { metadata: KubeObject['metadata']; spec: Record<string, unknown> };
    const { template, ...run } = spec as { template: { metadata: KubeObject['metadata']; spec: Record<string, unknown> } };
    const [container] = template.spec['containers'] as [{ resources: unknown; env: { value: string }[] }];
    return { metadata, run: run as Record<string, unknown>, pod: template.spec, podMetadata: template.metadata, container };
  };

  it('runs four pods at a time, or as many as it is told, and no more than there are shards', () => {
    expect([
      jobOf().run['parallelism'],
      jobOf({ template: { parallelism: 7 } }).run['parallelism'],
      jobOf({ shards: 3 }).run['parallelism'],
    ]).to.deep.equal([4, 7, 3]);
    expect(jobOf().run['completions']).to.equal(9);
  });

  it('has a deadline for each pod, and one for all rounds of pods', () => {
    const deadlines = ({ run, pod }: ReturnType<typeof jobOf>): unknown[] => [pod['activeDeadlineSeconds'], run['activeDeadlineSeconds']];
    expect(deadlines(jobOf())).to.deep.equal([3600, 3600 * 3 * 2 + 600]);
    expect(deadlines(jobOf({ template: { activeDeadlineSeconds: 60 }, deadlineFactor: 2, shards: 4 }))).to.deep.equal([120, 840]);
  });

  it('has more memory after an attempt that ran out of it, and a heap that fits', () => {
    const resources = { requests: { cpu: '1' }, limits: { memory: '1Gi' } };
    expect(jobOf({ template: { job: { resources } }, memoryFactor: 2 }).container.resources).to.deep.equal({
      requests: { cpu: '1' },
      limits: { memory: '2Gi' },
    });
    const heap = (change: Partial<ScanJobInput>): number =>
      Number(/--max-old-space-size=(\d+)/.exec(jobOf(change).container.env[0]?.value ?? '')?.[1]);
    expect(heap({ memoryFactor: 2 })).to.be.greaterThan(heap({}));
    expect(jobOf({ template: { job: { resources: { limits: {} } } } }).container.env[0]?.value).not.to.include('max-old-space-size');
  });

  it('has the labels, annotations and placement of the template, and its own', () => {
    const job = {
      labels: { team: 'a', 'vigil.dev/scan': 'x' },
      annotations: { note: 'b' },
      tolerations: [{ key: 't' }],
      nodeSelector: { pool: 'p' },
    };
    const { metadata, pod, podMetadata } = jobOf({
      template: { job },
      placement: { priorityClassName: 'low', nodeSelector: { other: 'q' } },
    });
    expect([metadata.labels, podMetadata.labels]).to.deep.equal([
      { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/scan': metadata.labels?.['vigil.dev/scan'] },
      { team: 'a', ...metadata.labels },
    ]);
    expect(podMetadata.annotations).to.deep.equal({ note: 'b', 'vigil.dev/scan': 's' });
    expect(pod).to.deep.include({
      tolerations: [{ key: 't' }],
      priorityClassName: 'low',
      nodeSelector: { pool: 'p', 'kubernetes.io/os': 'linux' },
    });
    expect(metadata.name).to.match(/^vigil-[0-9a-z]+-a2$/);
  });
});

describe('the plan of a scan', () => {
  let api: MemoryApi;
  beforeEach(() => void (api = new MemoryApi()));
  const deployments = builtinResources.find(({ resource }) => resource === 'deployments') as ApiResource;
  async function namespace(name: string, ...names: readonly string[]): Promise<void> {
    await api.create(RESOURCES.namespaces, { metadata: { name } });
    for (const each of names) await api.create(deployments, { metadata: { namespace: name, name: each } });
  }
  const plan = (
    specs: Readonly<Record<string, object>>,
    {
      spec = {},
      unavailable = [],
      resources = builtinResources,
    }: { spec?: Scan['spec']; unavailable?: readonly string[]; resources?: readonly ApiResource[] } = {},
  ): Promise<ScanPlan> =>
    planScan(api, {
      ...{
        scan: { name: 's', uid: 'u' },
        spec,
        kubernetesVersion: '1.36',
        resources,
        systemNamespaces: ['vigil-system'],
        shardTargets: 500,
        unavailable,
      },
      policies: Object.entries(specs).map(([name, of]) => snapshotOf({ metadata: { name, uid: name, generation: 1 }, spec: of }, '1.36')),
      signal: new AbortController().signal,
    });
  const included = (...include: readonly string[]): object => ({ scope: { namespaces: { include } }, controls: [{ name: 'host-pid' }] });
  const ruleFor = (apiGroups: readonly string[], resources: readonly string[], more: object = {}): object => ({
    rules: [
      {
        name: 'r',
        matchConstraints: {
          resourceRules: [{ apiGroups, apiVersions: ['*'], operations: ['CREATE'], resources, ...more }],
          ...('matchPolicy' in more ? { matchPolicy: more.matchPolicy } : {}),
        },
        validations: [{ expression: 'true' }],
      },
    ],
  });

  it('counts the namespaces that a policy excludes, and names the first twenty', async () => {
    for (let index = 0; index < 25; index++) await namespace(`n-${String(index).padStart(2, '0')}`);
    await namespace('shop', 'web');
    const { policies } = await plan({ p: included('shop'), all: { controls: [{ name: 'host-pid' }] } });
    const [all, p] = policies.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect([p?.excludedNamespaces, p?.excludedNames?.length, p?.excludedNames?.[0]]).to.deep.equal([25, 20, 'n-00']);
    expect([all?.excludedNamespaces, all?.excludedNames]).to.deep.equal([0, undefined]);
  });

  it('names the entries of scopes that match no namespace, of policies and of the Scan', async () => {
    await namespace('shop', 'web');
    const { policies, uncovered } = await plan(
      { p: included('shop', 'typo', 'x-*'), q: included('sh*') },
      { spec: { namespaces: { include: ['shop', 'gone', 'y*'] } } },
    );
    expect(policies.map(({ unmatchedNamespaces }) => unmatchedNamespaces)).to.deep.equal([['typo', 'x-*'], undefined]);
    expect(uncovered).to.deep.equal([{ message: 'no namespace matches gone, y* (spec.namespaces.include)', policies: [] }]);
  });

  it('says that Secrets are never scanned, to the policies whose rules are about them', async () => {
    await namespace('shop');
    const secrets: ApiResource = { group: '', version: 'v1', resource: 'secrets', kind: 'Secret', namespaced: true };
    const resources = [...builtinResources.filter(({ resource }) => resource !== 'secrets'), secrets];
    const { uncovered } = await plan({ p: ruleFor([''], ['secrets']), q: included('shop') }, { resources });
    expect(uncovered.map(({ message, policies }) => [message.split(':')[0], policies])).to.deep.equal([
      ['secrets in the core API group are not scanned', ['p']],
    ]);
    expect(api.calls.filter((call) => call.includes('secrets'))).to.deep.equal([]);
  });

  it('names an API group whose server does not respond, if a rule may be about it', async () => {
    await namespace('shop');
    const asked = async (rule: object, unavailable = 'metrics.k8s.io/v1beta1'): Promise<number> =>
      (await plan({ p: rule }, { unavailable: [unavailable] })).uncovered.filter(({ message }) => message.startsWith(`API ${unavailable}`))
        .length;
    expect(await asked(ruleFor(['metrics.k8s.io'], ['pods']))).to.equal(1);
    expect(await asked(ruleFor(['apps'], ['deployments']))).to.equal(0);
    expect(await asked(ruleFor(['*'], ['*']))).to.equal(1);
    expect(await asked(ruleFor(['*'], ['*/*']))).to.equal(1);
    expect(await asked(ruleFor(['*'], ['pods']))).to.equal(0);
    expect(await asked(ruleFor(['metrics.k8s.io'], ['pods'], { apiVersions: ['v1'] }))).to.equal(1);
    expect(await asked(ruleFor(['metrics.k8s.io'], ['pods'], { apiVersions: ['v1'], matchPolicy: 'Exact' }))).to.equal(0);
    expect(await asked(ruleFor(['metrics.k8s.io'], ['pods'], { apiVersions: ['v1beta1'], matchPolicy: 'Exact' }))).to.equal(1);
    expect(await asked(ruleFor(['metrics.k8s.io'], ['pods'], { matchPolicy: 'Exact' }))).to.equal(1);
    expect(await asked({ controls: [{ name: 'host-pid' }] })).to.equal(0);
  });

  it('has the cluster as a whole once, unless the Scan is of some namespaces', async () => {
    await namespace('shop');
    const whole = { frameworks: [{ name: 'cis' }] };
    const slices = async (spec: Scan['spec'] = {}): Promise<unknown[]> =>
      (await plan({ p: whole }, { spec })).shards.flatMap((shard) => shard.slices.filter(({ resource }) => resource === 'cluster'));
    expect([(await slices()).length, (await slices({ namespaces: { include: ['shop'] } })).length]).to.deep.equal([1, 0]);
  });

  it('packs in the order of namespaces and kinds, and leaves out what has no targets', () => {
    const count = (resource: Count['resource'], targets: number, namespaceOf?: string): Count => ({
      resource,
      targets,
      policies: { p: targets },
      ...(namespaceOf === undefined ? {} : { namespace: namespaceOf }),
    });
    const [shard, ...more] = packShards(
      [count(2, 1, 'b'), count(1, 1, 'b'), count(3, 1, 'a'), count(4, 0, 'a'), count(5, 1), count('cluster', 1)],
      { shardTargets: 500, parallelism: 4 },
    );
    expect(more).to.deep.equal([]);
    expect(shard?.slices.map(({ resource, namespace: of = '' }) => `${of} ${resource}`)).to.deep.equal([
      ' cluster',
      ' 5',
      'a 3',
      'b 1',
      'b 2',
    ]);
    expect(packShards([], { shardTargets: 500, parallelism: 4 })).to.deep.equal([]);
  });
});

describe('the Scan of very many new generations', () => {
  const policies = (count: number): SecurityPolicy[] =>
    Array.from({ length: count }, (_, index) => ({
      metadata: { name: `p${String(index).padStart(3, '0')}`, uid: `u${index}`, generation: 2 },
      spec: {},
      status: {
        conditions: [{ type: 'Stalled', status: 'False', reason: 'Accepted', message: '', lastTransitionTime: '', observedGeneration: 2 }],
      },
    }));
  async function create(count: number, error?: Error) {
    const made: Scan[] = [];
    const memory: MadeScans = new Map();
    const deps = {
      policies: { list: () => policies(count) },
      scans: { get: () => undefined, list: () => [] },
      revisionOf: () => '2-a',
      ...{ clock: () => start, log: { info: () => undefined }, events: { record: () => undefined } },
      client: { create: (_: unknown, scan: Scan) => (error ? Promise.reject(error) : Promise.resolve(void made.push(scan))) },
    } as unknown as GenerationScanDependencies;
    return { result: await scanGenerations(deps, memory), made, memory };
  }

  it('has 500 policies at most: the others have another, soon', async () => {
    const most = await create(500);
    expect([most.made[0]?.spec.policies?.length, most.result]).to.deep.equal([500, {}]);
    const more = await create(501);
    expect([more.made[0]?.spec.policies?.length, more.made[0]?.metadata.ownerReferences?.length, more.result]).to.deep.equal([
      500,
      500,
      { requeueAfter: 1000 },
    ]);
  });

  it('may exist already, by another leader; any other refusal is an error', async () => {
    const { memory, result } = await create(1, new KubeApiError('exists', { status: 409 }));
    expect([memory.size, result]).to.deep.equal([1, {}]);
    expect(await create(1, new KubeApiError('forbidden', { status: 403 })).catch((error: unknown) => (error as Error).message)).to.equal(
      'forbidden',
    );
  });
});

describe('the policies that a Scan selects', () => {
  const policy = (name: string, metadata: object = {}, spec: object = { controls: [{ name: 'host-network' }] }): SecurityPolicy => ({
    metadata: { name, uid: `u-${name}`, generation: 2, ...metadata },
    spec,
  });
  async function plan(scan: Scan, live: readonly SecurityPolicy[], cached = live): Promise<BeginResult> {
    const api = new MemoryApi();
    for (const each of live) await api.create(RESOURCES.policies, each);
    const deps = {
      ...{ client: api, log: { info: () => undefined }, checkCrds: () => Promise.resolve([]), systemNamespaces: [], shardTargets: 10 },
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: builtinResources }),
      policies: { get: (name: string) => cached.find(({ metadata }) => metadata.name === name) },
    } as unknown as PlanDependencies;
    const store = {
      begin: (_scan: unknown, _plan: unknown, of: (kept: unknown) => unknown) =>
        Promise.resolve({ ledger: of({ input: [], configMaps: [] }), resourceVersion: '1' }),
    } as unknown as Parameters<typeof beginScan>[1];
    return beginScan(deps, store, scan, { startTime, signal: new AbortController().signal });
  }
  const names = async (scan: Scan, live: readonly SecurityPolicy[]): Promise<unknown> => {
    const result = (await plan(scan, live)) as { ledger?: { policies: { name: string }[] } };
    return result.ledger?.policies.map(({ name }) => name);
  };

  it('are those that it names, with the labels that it selects, and not deleted', async () => {
    const live = [
      policy('b', { labels: { team: 'x' } }),
      policy('a', { labels: { team: 'x' } }),
      policy('c'),
      policy('gone', { deletionTimestamp: startTime, labels: { team: 'x' } }),
    ];
    expect(await names(scanOf(), live)).to.deep.equal(['a', 'b', 'c']);
    expect(await names(scanOf('s', undefined, { spec: { policies: ['c', 'a'] } }), live)).to.deep.equal(['a', 'c']);
    expect(await names(scanOf('s', undefined, { spec: { policySelector: { matchLabels: { team: 'x' } } } }), live)).to.deep.equal([
      'a',
      'b',
    ]);
  });

  it('are waited for if the cache has another policy of the name, even of a later generation', async () => {
    const live = [policy('a')];
    const hold = { hold: { reason: 'WatchBehind', message: 'the cache does not contain SecurityPolicy a yet' } };
    expect(await plan(scanOf(), live, [policy('a', { uid: 'other', generation: 9 })])).to.deep.equal(hold);
    expect(await plan(scanOf(), live, [])).to.deep.equal(hold);
    expect(await plan(scanOf(), live, [policy('a', { generation: 3 })])).to.have.property('ledger');
  });

  it('are named in order if they cannot be evaluated, at most ten of them', async () => {
    const broken = Array.from({ length: 12 }, (_, index) =>
      policy(`b${String(index).padStart(2, '0')}`, {}, { controls: [{ name: 'there-is-none' }] }),
    );
    const { refused } = (await plan(scanOf(), broken.toReversed())) as { refused?: { reason: string; message: string } };
    expect(refused?.reason).to.equal('PolicyStalled');
    const parts = refused?.message.replace('no policy of this scan can be evaluated: ', '').split('; ') ?? [];
    expect([parts.length, parts.at(-1), parts[0]?.split(':')[0], parts[9]?.split(':')[0]]).to.deep.equal([
      11,
      'and 2 more',
      'SecurityPolicy b00',
      'SecurityPolicy b09',
    ]);
    const ten = (await plan(scanOf(), broken.slice(0, 10))) as { refused?: { message: string } };
    expect(ten.refused?.message).not.to.include('more');
  });
});
