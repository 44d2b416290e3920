import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { ScanSchedule } from '../../operator/api/kinds/scan-schedule.ts';
import { MOST_SCAN_POLICIES, type Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { ChangeBacklog } from '../../operator/changes/change-backlog.ts';
import { ChangeBurst } from '../../operator/changes/change-burst.ts';
import type { ChangeBatch } from '../../operator/changes/changed-targets.ts';
import { OnChange } from '../../operator/changes/on-change.ts';
import { onChangeDependencies, type OnChangeDependencies, type OnChangeParts } from '../../operator/changes/on-change-dependencies.ts';
import { PendingChanges } from '../../operator/changes/pending-changes.ts';
import type { ChangeWatchObserver } from '../../operator/changes/watch/change-watch.ts';
import { indexEntry, ObjectIndex } from '../../operator/changes/watch/object-index.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { noTotals, type PolicyTotals } from '../../operator/findings/policy-totals.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { PolicyRevisions } from '../../operator/policies/policy-revisions.ts';
import { Metrics } from '../../operator/telemetry/metrics.ts';
import { ClusterApi } from '../kube/cluster-api.ts';

const resource = (kind: string): ApiResource => builtinResources.find((each) => each.kind === kind) as ApiResource;
const [pods, namespaces, deployments, replicaSets] = ['Pod', 'Namespace', 'Deployment', 'ReplicaSet'].map(resource) as [
  ApiResource,
  ApiResource,
  ApiResource,
  ApiResource,
];
const setOf = (...controls: readonly string[]) =>
  compilePolicies([{ name: 'p', spec: { scope: { namespaces: { include: ['a*'] } }, controls: controls.map((name) => ({ name })) } }], {
    ...{ kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] },
  });

/** An OnChange of which a test calls each task. */
class Tasks {
  readonly delays: [key: string, delay: number][] = [];
  readonly enqueued: string[] = [];
  readonly log: { level: number; msg: string }[] = [];
  readonly metrics = new Metrics();
  readonly batches: ChangeBatch[] = [];
  readonly counted: unknown[] = [];
  readonly index = new ObjectIndex();
  scope: object | undefined;
  ready = true;
  renewing: () => Promise<unknown> = () => Promise.resolve();
  released = 0;
  result = { evaluated: 1, written: 1, unreadable: [] as readonly string[] };
  schedules: readonly ScanSchedule[] = [
    { metadata: { name: 'on' }, spec: { onChange: {} } },
    { metadata: { name: 'off' }, spec: {} },
  ];
  policies: readonly SecurityPolicy[] = [{ metadata: { name: 'p', uid: 'u', generation: 1 }, spec: {} }];
  scans: Scan[] = [];
  observer!: ChangeWatchObserver;
  readonly onChange: OnChange;
  readonly #add: (key: string) => void;

  constructor(changeBurst = 3) {
    const evaluated = { name: 'p', uid: 'u', generation: 1, revision: '1-a', listPasses: false, ownerLabels: [], excludedNamespaces: 0 };
    const input = { kubernetesVersion: '1.36', systemNamespaces: [], policies: [], resources: builtinResources };
    this.scope = {
      fingerprint: '',
      evaluator: { set: setOf('host-pid'), input, policies: [evaluated] },
      debounce: 50,
      revisions: new Set<string>(),
    };
    const own = {
      client: { create: (_: unknown, scan: Scan) => Promise.resolve(void this.scans.push(scan)) },
      log: pino({ base: null }, { write: (line: string) => void this.log.push(JSON.parse(line) as { level: number; msg: string }) }),
      metrics: this.metrics,
      clock: () => 1000,
      changeBurst,
      policies: { get: (name: string) => this.policies.find(({ metadata }) => metadata.name === name), list: () => this.policies },
      revisionOf: () => '1-a',
      schedules: { list: () => this.schedules },
      scans: { get: (name: string) => this.scans.find(({ metadata }) => metadata.name === name), list: () => this.scans },
      enqueueSchedule: (name: string) => void this.enqueued.push(name),
      watch: (observer: ChangeWatchObserver) => {
        this.observer = observer;
        // eslint-disable-next-line @typescript-eslint/no-this-alias -- the getters read the current state.
        const tasks = this;
        return {
          indexes: new Map([[pods, this.index]]),
          ...{ size: 7, problems: [], totals: new Map<string, PolicyTotals>() },
          get ready() {
            return tasks.ready;
          },
          release: () => {
            this.released++;
          },
          renew: () => this.renewing().then(() => this.scope),
          stop: () => Promise.resolve(),
        };
      },
      evaluate: (_: unknown, { batch }: { batch: ChangeBatch }) => {
        this.batches.push(batch);
        return Promise.resolve(this.result);
      },
      updateTotals: (policies: unknown, { totals }: { totals: unknown }) => Promise.resolve(void this.counted.push([policies, totals])),
    } as unknown as OnChangeDependencies;
    this.onChange = new OnChange(own);
    const { queue } = this.onChange.controller;
    this.#add = queue.add.bind(queue);
    queue.add = (key) => void this.delays.push([key, 0]);
    queue.addAfter = (key, delay) => void this.delays.push([key, delay]);
  }

  /** Reconciles a namespace. Keys that this queues are kept in `delays`. */
  async evaluate(namespace: string): Promise<void> {
    const { controller } = this.onChange;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const done = controller.queue.done.bind(controller.queue);
    controller.queue.done = (key) => {
      done(key);
      if (key === `namespace/${namespace}`) resolve(undefined);
    };
    controller.start();
    this.#add(`namespace/${namespace}`);
    await promise;
    controller.queue.done = done;
    await controller.stop();
  }

  /** The keys that were queued since the last call. */
  get keys(): string[] {
    return this.delays.splice(0).map(([key]) => key);
  }

  change(name: string, namespace = 'a'): void {
    const after = indexEntry({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } });
    this.index.set(namespace, name, after);
    this.observer.onChange({ resource: pods, namespace, name, before: undefined, after });
  }

  context() {
    return {
      signal: new AbortController().signal,
      log: pino({ base: null }, { write: (line: string) => void this.log.push(JSON.parse(line) as { level: number; msg: string }) }),
    };
  }
}

describe('the tasks of OnChange', () => {
  let tasks: Tasks;
  beforeEach(async () => {
    tasks = new Tasks();
    await tasks.onChange.renewScope();
  });

  it('renew the scope, read the first lists, and tell the schedules that follow changes', async () => {
    expect([tasks.keys, tasks.enqueued, tasks.onChange.size]).to.deep.equal([['first-lists'], ['on'], 7]);
    tasks.ready = false;
    expect([await tasks.onChange.releaseFirstLists(), tasks.released]).to.deep.equal([{ requeueAfter: 250 }, 0]);
    tasks.ready = true;
    expect([await tasks.onChange.releaseFirstLists(), tasks.released, tasks.keys, tasks.enqueued]).to.deep.equal([
      ...[{}, 1, ['totals-after-scans'], ['on', 'on']],
    ]);
  });

  it('look at the scope again every ten minutes, and at once but not too often after a policy changed', async () => {
    const slow = new Tasks();
    slow.renewing = () => sleep(20);
    expect(await slow.onChange.renewScope()).to.deep.equal({ requeueAfter: 600_000 });
    const { requeueAfter = 0 } = await slow.onChange.renewScope();
    expect(requeueAfter).to.be.within(1, 1000);
    await sleep(requeueAfter + 5);
    expect(await slow.onChange.renewScope()).to.deep.equal({ requeueAfter: 600_000 });
    expect(slow.enqueued).to.deep.equal(['on']);
  });

  it('tell the schedules that follow changes when asked', async () => {
    tasks.enqueued.length = 0;
    expect([await tasks.onChange.updateSchedules(), tasks.enqueued]).to.deep.equal([{}, ['on']]);
  });

  it('queue the namespace of a change after the debounce', () => {
    tasks.delays.length = 0;
    tasks.change('x');
    expect(tasks.delays).to.deep.equal([['namespace/a', 50]]);
  });

  it('queue nothing before there is a scope', () => {
    const fresh = new Tasks();
    fresh.delays.length = 0;
    fresh.change('x');
    fresh.onChange.reevaluate({ apiVersion: 'v1', kind: 'Pod', name: 'x', namespace: 'a' });
    expect(fresh.delays).to.deep.equal([]);
  });

  it('queue the object of a report that another tool changed, if it is watched', () => {
    tasks.index.set('a', 'x', { mark: 1 });
    tasks.delays.length = 0;
    tasks.observer.onDrift({ apiVersion: 'v1', kind: 'Pod', name: 'x' }, 'a');
    tasks.onChange.reevaluate({ apiVersion: 'v1', kind: 'Pod', name: 'x', namespace: 'a' });
    expect(tasks.keys).to.deep.equal(['namespace/a', 'namespace/a']);
    tasks.observer.onDrift({ apiVersion: 'v1', kind: 'Pod', name: 'gone' }, 'a');
    tasks.observer.onDrift(undefined, '');
    tasks.onChange.reevaluate({ apiVersion: 'v1', kind: 'Pod', name: 'x' });
    expect(tasks.keys).to.deep.equal([]);
  });

  it('tell the schedules when a watch fails or works again, and count when a report changes', () => {
    tasks.delays.length = 0;
    tasks.observer.onError(RESOURCES.pods, new Error('x'));
    tasks.observer.onRecovered();
    tasks.observer.onTotals?.();
    expect(tasks.delays).to.deep.equal([
      ['schedules', 1000],
      ['schedules', 1000],
      ['totals-after-scans', 1000],
    ]);
  });

  it('count at once if no Scan runs, and else look again', async () => {
    tasks.delays.length = 0;
    expect(await tasks.onChange.updateTotalsAfterScans()).to.deep.equal({});
    expect(tasks.delays).to.deep.equal([['totals', 1000]]);
    tasks.scans.push({ metadata: { name: 's', uid: 's' }, spec: {}, status: { phase: 'Running' } });
    expect(await tasks.onChange.updateTotalsAfterScans()).to.deep.equal({ requeueAfter: 1000 });
    await tasks.onChange.updateTotals(tasks.context());
    expect(tasks.counted).to.have.length(1);
  });

  it('count what was evaluated and written, and the reports after a write', async () => {
    tasks.result = { evaluated: 3, written: 2, unreadable: [] };
    tasks.change('x');
    tasks.delays.length = 0;
    await tasks.evaluate('a');
    expect(tasks.batches).to.have.length(1);
    expect(tasks.delays).to.deep.include(['totals', 1000]);
    expect(await tasks.metrics.text())
      .to.include('vigil_change_targets_total{outcome="evaluated"} 3\n')
      .and.include('vigil_change_targets_total{outcome="written"} 2\n')
      .and.include('vigil_change_seconds_count 1\n');
    expect(tasks.log.map(({ msg }) => msg)).to.include('changes evaluated');
  });

  it('count no report if none was written, and log what could not be read', async () => {
    tasks.result = { evaluated: 1, written: 0, unreadable: ['no pods', 'no jobs'] };
    tasks.change('x');
    tasks.delays.length = 0;
    await tasks.evaluate('a');
    expect(tasks.keys).not.to.include('totals');
    expect(await tasks.metrics.text()).to.include('vigil_change_seconds_count 0\n');
    expect(tasks.log.filter(({ msg }) => msg === 'changed objects could not be read')).to.have.length(2);
  });

  it('evaluate nothing in a namespace without changes', async () => {
    tasks.change('x');
    await tasks.evaluate('other');
    expect(tasks.batches).to.deep.equal([]);
  });

  it('evaluate nothing of a policy that is gone, and look at the scope again', async () => {
    tasks.change('x');
    tasks.policies = [];
    tasks.delays.length = 0;
    await tasks.evaluate('a');
    expect([tasks.batches, tasks.delays.slice(0, 2)]).to.deep.equal([
      [],
      [
        ['scope', 0],
        ['namespace/a', 1000],
      ],
    ]);
  });

  it('leave too many changes to a Scan, look after it, and tell nobody while there is no problem', async () => {
    for (const name of ['u', 'v', 'w', 'x', 'y']) tasks.change(name);
    tasks.enqueued.length = 0;
    tasks.delays.length = 0;
    expect(await tasks.onChange.scanDeferred()).to.deep.equal({ requeueAfter: 1000 });
    expect(tasks.scans.map(({ spec, metadata }) => [spec, metadata.labels])).to.deep.equal([
      [
        { policies: ['p'], namespaces: { include: ['a'] }, ttlSecondsAfterFinished: 3600 },
        { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/trigger': 'change' },
      ],
    ]);
    expect(tasks.enqueued).to.deep.equal([]);
    const [scan] = tasks.scans.splice(0) as [Scan];
    tasks.scans.push({ ...scan, status: { phase: 'Failed' } });
    await tasks.onChange.scanDeferred();
    expect([tasks.enqueued, tasks.onChange.condition().status]).to.deep.equal([['on'], 'False']);
  });

  it('look at the scope after a policy or a schedule changed, also one that is deleted', () => {
    const { controller } = tasks.onChange;
    tasks.delays.length = 0;
    controller.changed(RESOURCES.policies, tasks.policies[0] as SecurityPolicy, 'MODIFIED');
    controller.changed(RESOURCES.schedules, tasks.schedules[0] as ScanSchedule, 'ADDED');
    controller.changed(RESOURCES.policies, tasks.policies[0] as SecurityPolicy, 'DELETED');
    controller.changed(RESOURCES.pods, { metadata: { name: 'x' } }, 'ADDED');
    expect(tasks.keys).to.deep.equal(['scope', 'scope', 'scope']);
  });

  it('do nothing before there is a scope', async () => {
    const fresh = new Tasks();
    expect([await fresh.onChange.scanDeferred(), await fresh.onChange.evaluateAfterScans()]).to.deep.equal([{}, {}]);
    expect(fresh.onChange.condition().status).to.equal('Unknown');
  });

  it('forget what waits when nothing is watched any more', async () => {
    tasks.scope = undefined;
    await sleep(30);
    expect(await tasks.onChange.renewScope()).to.deep.equal({ requeueAfter: 600_000 });
    expect([await tasks.onChange.scanDeferred(), tasks.onChange.condition().status]).to.deep.equal([{}, 'Unknown']);
  });
});

describe('the Scan of a burst', () => {
  const burst = async (policies: readonly string[], deferred: readonly string[] = ['b', 'a']): Promise<Scan | undefined> => {
    const made: Scan[] = [];
    const own = {
      client: { create: (_: unknown, scan: Scan) => Promise.resolve(void made.push(scan)) },
      log: { info: () => undefined, warn: () => undefined },
      clock: () => 1000,
      scans: { get: () => undefined, list: () => [] },
    } as never;
    const backlog = new ChangeBacklog(new PendingChanges({ set: setOf('host-pid'), indexes: new Map() }), 3);
    for (const namespace of deferred) backlog.pending.deferred.add(namespace);
    await new ChangeBurst(own).reconcile(backlog, policies);
    return made[0];
  };
  const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);

  it('names the policies if a Scan may name as many, and else evaluates all', async () => {
    expect((await burst(names(MOST_SCAN_POLICIES)))?.spec.policies).to.have.length(MOST_SCAN_POLICIES);
    expect((await burst(names(MOST_SCAN_POLICIES + 1)))?.spec).not.to.have.property('policies');
  });

  it('names the namespaces, or covers the cluster', async () => {
    expect((await burst(['p']))?.spec.namespaces).to.deep.equal({ include: ['a', 'b'] });
    expect((await burst(['p'], ['']))?.spec).not.to.have.property('namespaces');
    expect(await burst(['p'], [])).to.equal(undefined);
  });
});

describe('pending changes', () => {
  const parts = (controls: readonly string[], labels: Readonly<Record<string, string>> = { team: 'x' }) => {
    const indexes = new Map([pods, namespaces, deployments, replicaSets].map((each) => [each, new ObjectIndex()]));
    indexes.get(namespaces)?.set('', 'a', { mark: 1, labels });
    const pending = new PendingChanges({ set: setOf(...controls), indexes });
    const add = (kind: ApiResource, namespace: string, name: string, owner?: { groupKind: string; name: string }): void => {
      indexes.get(kind)?.set(namespace, name, { mark: 1, ...(owner ? { controller: owner } : {}) });
    };
    const change = (kind: ApiResource, namespace: string, name: string): readonly string[] => {
      const after = indexes.get(kind)?.get(namespace, name) ?? { mark: 1 };
      return pending.add({ resource: kind, namespace, name, before: { mark: 0 }, after });
    };
    return { pending, add, change };
  };
  const targets = (batch: ChangeBatch | undefined): string[] =>
    [...(batch?.targets ?? [])].flatMap(([{ kind }, found]) => [...found].map((name) => `${kind} ${name}`)).toSorted();

  it('of a pod are those of its topmost workload, however its owners refer to each other', () => {
    const { pending, add, change } = parts(['host-pid']);
    add(pods, 'a', 'x', { groupKind: 'ReplicaSet.apps', name: 'r' });
    change(pods, 'a', 'x');
    expect(targets(pending.take('a'))).to.deep.equal(['ReplicaSet r']);
    add(replicaSets, 'a', 'r', { groupKind: 'Deployment.apps', name: 'd' });
    change(pods, 'a', 'x');
    expect(targets(pending.take('a'))).to.deep.equal(['Deployment d']);
    add(deployments, 'a', 'd', { groupKind: 'ReplicaSet.apps', name: 'r' });
    expect(change(pods, 'a', 'x')).to.deep.equal(['a']);
  });

  it('are none in a namespace that no policy selects, and some in one that is not known', () => {
    const { pending, change } = parts(['host-pid']);
    expect(change(pods, 'other', 'x')).to.deep.equal(['other']);
    expect(targets(pending.take('other'))).to.deep.equal(['Pod x']);
    const known = parts(['host-pid']);
    known.add(namespaces, '', 'b');
    expect(known.change(pods, 'a', 'x')).to.deep.equal(['a']);
  });

  it('are all of a namespace whose labels changed, but none for a new one', () => {
    const { pending, add, change } = parts(['host-pid']);
    add(pods, 'a', 'x');
    add(pods, 'a', 'owned', { groupKind: 'ReplicaSet.apps', name: 'r' });
    expect(change(namespaces, '', 'a')).to.include('a');
    expect(targets(pending.take('a'))).to.deep.equal(['Pod x']);
    expect(pending.add({ resource: namespaces, namespace: '', name: 'a', before: undefined, after: { mark: 1 } })).not.to.include('a');
  });

  it('count each target once, and can be left to a Scan', () => {
    const { pending, add, change } = parts(['host-pid']);
    add(pods, 'a', 'x');
    add(pods, 'a', 'y');
    change(namespaces, '', 'a');
    change(pods, 'a', 'x');
    expect([pending.size, pending.exceeds(1), pending.exceeds(2)]).to.deep.equal([2, true, false]);
    pending.collapse();
    expect([pending.size, pending.deferred.namespaces, pending.namespaces]).to.deep.equal([0, ['a'], []]);
  });
});

describe('the dependencies of OnChange in the operator', () => {
  const totals = (fail: number): PolicyTotals => ({ ...noTotals, summary: { ...noTotals.summary, fail } });
  function parts(): { deps: OnChangeDependencies; api: ClusterApi; policyOf: () => SecurityPolicy } {
    const api = new ClusterApi();
    const policyOf = (): SecurityPolicy => [...api.objects].find(([path]) => path.includes('/securitypolicies/'))?.[1] as SecurityPolicy;
    const none = { get: () => undefined, list: () => [] };
    const deps = onChangeDependencies({
      client: api,
      log: pino({ level: 'silent' }),
      metrics: new Metrics(),
      clock: () => 1000,
      events: { record: () => undefined },
      crdProblems: () => [],
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: builtinResources }),
      systemNamespaces: [],
      revisionOf: new PolicyRevisions('1.36').of,
      schedules: none,
      scans: none,
      policies: { get: () => policyOf(), list: () => [] },
      changeBurst: 3,
      enqueueSchedule: () => undefined,
      watchSilence: 60_000,
    } as unknown as OnChangeParts);
    return { deps, api, policyOf };
  }
  const evaluated = { name: 'p', uid: '', generation: 1, revision: '1-a', listPasses: false, ownerLabels: [] };

  it('update the counts of a policy from the known totals, only if they differ', async () => {
    const { deps, api, policyOf } = parts();
    const { metadata } = await api.create(RESOURCES.policies, { metadata: { name: 'p', generation: 1 }, spec: {} } as SecurityPolicy);
    const known = { totals: new Map([['p', totals(3)]]), signal: new AbortController().signal };
    const update = (): Promise<void> => deps.updateTotals([{ ...evaluated, uid: metadata.uid ?? '' }], known);
    await update();
    expect(policyOf().status?.configuration?.summary.fail).to.equal(3);
    api.calls.length = 0;
    await update();
    expect(api.calls).to.deep.equal([]);
    known.totals.set('p', { ...totals(3), excepted: { critical: 0, high: 1, medium: 0, low: 0 } });
    await update();
    expect(policyOf().status?.configuration?.excepted?.high).to.equal(1);
  });

  it('read the reports if the totals are not known', async () => {
    const { deps, api, policyOf } = parts();
    const { metadata } = await api.create(RESOURCES.policies, { metadata: { name: 'p', generation: 1 }, spec: {} } as SecurityPolicy);
    await deps.updateTotals([{ ...evaluated, uid: metadata.uid ?? '' }], { totals: undefined, signal: new AbortController().signal });
    expect(api.calls.filter((call) => call.endsWith('policyreports'))).to.have.length(2);
    expect(policyOf().status?.configuration?.summary.fail).to.equal(0);
  });

  it('watch what the scope needs, through one watch', async () => {
    const { deps } = parts();
    const watch = deps.watch({
      onChange: () => undefined,
      onDrift: () => undefined,
      onError: () => undefined,
      onRecovered: () => undefined,
    });
    expect([watch.size, watch.ready, watch.problems, watch.totals, watch.indexes.size]).to.deep.equal([0, true, [], undefined, 0]);
    expect(await watch.renew({ known: undefined, generations: { firstObserved: () => 0 } as never })).to.equal(undefined);
    watch.release();
    await watch.stop();
  });

  it('throw what the API server says', async () => {
    const { deps, api } = parts();
    api.onCall = () => {
      throw new KubeApiError('busy', { status: 500 });
    };
    const failed = await deps
      .updateTotals([evaluated], { totals: undefined, signal: new AbortController().signal })
      .catch((error: unknown) => (error as Error).message);
    expect(failed).to.equal('busy');
  });
});
