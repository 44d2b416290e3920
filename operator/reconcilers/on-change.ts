import type { ConditionUpdate } from '../api/condition.ts';
import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import { durationMilliseconds } from '../api/field.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import type { ScanSchedule } from '../api/scan-schedule.ts';
import type { Scan } from '../api/scan.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { ChangeWatch } from '../change/change-watch.ts';
import { PendingChanges, type ChangeBatch } from '../change/pending-changes.ts';
import { Controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts';
import { labelMatch } from '../engine/label-selector.ts';
import { compilePolicies, type PolicySet } from '../engine/policy-set.ts';
import { isForbidden } from '../kube/kube-api-error.ts';
import { nothing, totalsOfReports } from '../publish/report-sweeper.ts';
import { ledgerPolicy, neverListed } from '../scan/planner.ts';
import { isFinished } from '../scan/scan-status.ts';
import { judgeChanges, type ChangeJudge } from './change-evaluation.ts';
import { tellPolicy } from './scan-finish.ts';
import type { World } from './world.ts';

/** The most namespaces that such a Scan names; beyond, it looks everywhere. */
const mostNamespaces = 200;
const scanSeconds = 3600;
const defaultDebounce = 2000;
/** Between two looks at a namespace that changes all the time, so many times what the last look took. */
const restFactor = 5;
/** How long before a policy's last scan was noted its scan may have begun, in milliseconds. */
const scanSlack = 900_000;
const lookAgain = 1000;
/** How long the cache may not know of a Scan that was just made, in milliseconds. */
const unseenMilliseconds = 30_000;
const resync = 600_000;
const namespaceKey = 'namespace/';

/** What is followed, and by what it is judged. */
interface Ground {
  /** The same while nothing that matters here changed. */
  readonly fingerprint: string;
  readonly judge: ChangeJudge;
  readonly debounce: number;
}

/** Judges what changes when it changes, for schedules that ask for it. */
export class OnChange {
  readonly controller: Controller;
  readonly #world: World;
  readonly #watch: ChangeWatch;
  #ground: Ground | undefined;
  #pending: PendingChanges | undefined;
  /** When a namespace may be looked at again, in milliseconds since the epoch. */
  readonly #rest = new Map<string, number>();
  /** The Scan that was made last because of a burst, and when. */
  #lastScan: string | undefined;
  #lastScanAt = 0;
  /** When the counts of policies may be added up again, in milliseconds since the epoch. */
  #totalsRest = 0;
  /** What was judged while a scan ran, whose older verdicts may come after: judged once more when it has ended. */
  #afterScans: ChangeBatch[] = [];
  /** When the first change that waits in a namespace came, by performance.now(). */
  readonly #firstAt = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#watch = new ChangeWatch(world.client, {
      onChange: (change) => this.#enqueue(this.#pending?.add(change) ?? []),
      onDrift: (owner, namespace) => this.#drifted(owner, namespace),
      onError: (resource, error) => {
        world.log.warn({ err: error, resource: resource.resource }, 'changes cannot be followed now; it is tried again');
        this.controller.queue.addAfter('schedules', lookAgain);
      },
      onRecovered: () => this.controller.queue.addAfter('schedules', lookAgain),
    });
    this.controller = new Controller({
      name: 'onchange',
      log: world.log,
      observe: world.observe,
      workers: 2,
      reconcile: (key, context) => this.#reconcile(key, context),
    });
    this.controller.queue.add('ground');
  }

  /** Ends all watches. */
  stop(): Promise<void> {
    return this.#watch.stop();
  }

  /** How many objects are known. */
  get size(): number {
    return this.#watch.size;
  }

  /** How following changes goes, as a schedule's condition. */
  condition(): ConditionUpdate {
    const type = 'Watching';
    const problems = this.#watch.problems.map(([resource, error]) => problemText(resource, error));
    if (problems.length > 0) return { type, status: 'False', reason: 'Incomplete', message: problems.join('; ') };
    if (this.#ground === undefined || !this.#watch.ready)
      return { type, status: 'Unknown', reason: 'Starting', message: 'changes are followed once a policy was scanned' };
    return { type, status: 'True', reason: 'Watching', message: `follows ${this.#watch.indexes.size} kinds` };
  }

  /** Takes a key of its queue: what is followed, what waits in a namespace, the totals of policies, and so on. */
  #reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    if (key.startsWith(namespaceKey)) return this.#judge(key.slice(namespaceKey.length), context);
    return tasks[key]?.(this, context) ?? Promise.resolve({});
  }

  /** Follows what the policies of today look at. */
  async renewGround(): Promise<ReconcileResult> {
    const { schedules, policies } = choose(this.#world);
    if (schedules.length === 0 || policies.length === 0) {
      this.#ground = undefined;
      this.#pending = undefined;
      await this.#watch.stop();
      this.#tellSchedules();
      return { requeueAfter: resync };
    }
    const debounce = Math.min(...schedules.map(({ spec }) => durationMilliseconds(spec.onChange?.debounce ?? '') ?? defaultDebounce));
    const { kubernetesVersion, resources } = await this.#world.surroundings();
    const served = resources.map(({ group, version, resource }) => `${group}/${version}/${resource}`);
    const fingerprint = JSON.stringify([
      debounce,
      kubernetesVersion,
      served,
      policies.map(({ metadata: { uid, generation } }) => [uid, generation]),
    ]);
    if (this.#ground?.fingerprint !== fingerprint) {
      await this.#follow(policies, { fingerprint, debounce, kubernetesVersion, resources });
      this.#tellSchedules();
    }
    return { requeueAfter: resync };
  }

  async #follow(
    policies: readonly SecurityPolicy[],
    {
      fingerprint,
      debounce,
      kubernetesVersion,
      resources,
    }: Pick<Ground, 'fingerprint' | 'debounce'> & Omit<ChangeJudge['input'], 'policies' | 'systemNamespaces'>,
  ): Promise<void> {
    const { systemNamespaces } = this.#world;
    const snapshots = policies.map(({ metadata: { name, uid = '', generation = 0 }, spec }) => ({ name, uid, generation, spec }));
    const compiled = (served: readonly ApiResource[]): PolicySet =>
      compilePolicies(snapshots, { kubernetesVersion, resources: served, systemNamespaces });
    const first = compiled(resources);
    const namespaces = resources.filter(({ group, kind }) => group === '' && kind === 'Namespace');
    const wanted = [...new Set([...first.targets, ...first.context, ...namespaces])].filter(
      ({ group, resource }) => !neverListed.has(`${group}/${resource}`),
    );
    const since = Math.min(...policies.map(({ status }) => Date.parse(status?.lastScanTime ?? '') || 0)) - scanSlack;
    const followed = await this.#watch.follow(wanted, since);
    // The same objects stand for resources everywhere, however often discovery is read.
    const known = new Map(followed.map((resource) => [identity(resource), resource]));
    const interned = resources.map((resource) => known.get(identity(resource)) ?? resource);
    const set = compiled(interned);
    const judge: ChangeJudge = {
      set,
      input: { kubernetesVersion, systemNamespaces, policies: snapshots, resources: interned },
      policies: snapshots.map((snapshot) => ledgerPolicy(snapshot, set, new Map())),
    };
    this.#ground = { fingerprint, judge, debounce };
    if (this.#pending) this.#pending.setGround({ set, indexes: this.#watch.indexes });
    else this.#pending = new PendingChanges({ set, indexes: this.#watch.indexes });
    this.#world.log.info({ policies: snapshots.length, kinds: followed.length }, 'changes are followed');
    this.controller.queue.add('first-lists');
  }

  /** Waits for the first lists, and then tells what changed while nobody watched. */
  firstLists(): Promise<ReconcileResult> {
    if (!this.#watch.ready) return Promise.resolve({ requeueAfter: 250 });
    this.#watch.release();
    this.#tellSchedules();
    return Promise.resolve({});
  }

  #tellSchedules(): void {
    for (const { metadata, spec } of this.#world.schedules.list())
      if (spec.onChange !== undefined) this.#world.enqueueSchedule(metadata.name);
  }

  /** Has the schedules say how following goes. */
  tellSchedules(): Promise<ReconcileResult> {
    this.#tellSchedules();
    return Promise.resolve({});
  }

  #drifted(owner: { readonly apiVersion: string; readonly kind: string; readonly name: string } | undefined, home: string): void {
    const { judge } = this.#ground ?? {};
    if (!owner || !judge) return;
    const resource = [...this.#watch.indexes.keys()].find(
      ({ group, kind }) => kind === owner.kind && group === (owner.apiVersion.includes('/') ? owner.apiVersion.split('/')[0] : ''),
    );
    if (!resource) return;
    const namespace = resource.namespaced ? home : '';
    // What is gone takes its report with it.
    if (this.#watch.indexes.get(resource)?.get(namespace, owner.name) === undefined) return;
    this.#enqueue(this.#pending?.addTarget(resource, namespace, owner.name) ?? []);
  }

  #enqueue(namespaces: readonly string[]): void {
    if (!this.#ground) return;
    for (const namespace of namespaces) {
      if (!this.#firstAt.has(namespace)) this.#firstAt.set(namespace, performance.now());
      const rested = (this.#rest.get(namespace) ?? 0) - Date.now();
      this.controller.queue.addAfter(`${namespaceKey}${namespace}`, Math.max(this.#ground.debounce, rested));
    }
  }

  /** Judges what waits in a namespace; what is too much becomes a Scan. */
  async #judge(namespace: string, { signal, log }: ReconcileContext): Promise<ReconcileResult> {
    const [ground, pending] = [this.#ground, this.#pending];
    if (!ground || !pending) return {};
    if (pending.size > this.#world.changeBurst) return this.#scanInstead(pending);
    const batch = pending.take(namespace);
    if (!batch) return {};
    const first = this.#firstAt.get(namespace) ?? performance.now();
    this.#firstAt.delete(namespace);
    const started = performance.now();
    try {
      const outcome = await judgeChanges(this.#world, ground.judge, { batch, now: this.#world.clock(), signal });
      this.#world.metrics.changes.add(outcome.judged, { outcome: 'judged' });
      this.#world.metrics.changes.add(outcome.written, { outcome: 'written' });
      for (const message of outcome.unreadable) log.warn({ namespace, message }, 'what changed could not be read');
      if (outcome.written > 0) {
        this.#world.metrics.changeSeconds.add((performance.now() - first) / 1000);
        this.#world.metrics.changeBatches.add(1);
        log.info({ namespace, judged: outcome.judged, written: outcome.written }, 'changes were judged');
        this.controller.queue.addAfter('totals', Math.max(lookAgain, this.#totalsRest - Date.now()));
      }
    } catch (error) {
      pending.restore(batch);
      this.#firstAt.set(namespace, first);
      throw error;
    }
    this.#rest.set(namespace, Date.now() + (performance.now() - started) * restFactor);
    this.#remember(batch);
    return {};
  }

  #remember(batch: ChangeBatch): void {
    if (!runningScans(this.#world)) return;
    this.#afterScans.push(batch);
    this.controller.queue.addAfter('after-scans', lookAgain);
  }

  /** Judges once more what was judged while a scan ran. */
  afterScans(): Promise<ReconcileResult> {
    if (this.#afterScans.length === 0) return Promise.resolve({});
    if (runningScans(this.#world)) return Promise.resolve({ requeueAfter: lookAgain });
    const batches = this.#afterScans;
    this.#afterScans = [];
    for (const batch of batches) this.#pending?.restore(batch);
    this.#enqueue([...new Set(batches.map(({ namespace }) => namespace))]);
    return Promise.resolve({});
  }

  /** So much changed that a Scan is cheaper: one, of the namespaces where it did. */
  async #scanInstead(pending: PendingChanges): Promise<ReconcileResult> {
    const { client, scans, log, clock } = this.#world;
    const running = scans.list().some((scan) => scan.metadata.labels?.[LABELS.trigger] === 'change' && !isFinished(scan));
    // The cache may not know yet of the one that was made last.
    const unseen =
      this.#lastScan !== undefined && scans.get(this.#lastScan) === undefined && clock() - this.#lastScanAt < unseenMilliseconds;
    if (running || unseen) return { requeueAfter: lookAgain };
    const { namespaces, size } = pending;
    const name = `change-${clock().toString(36)}`;
    this.#lastScan = name;
    this.#lastScanAt = clock();
    const some = !namespaces.includes('') && namespaces.length <= mostNamespaces;
    const scan: Scan = {
      metadata: { name, labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.trigger]: 'change' } },
      spec: {
        policies: (this.#ground?.judge.policies ?? []).map(({ name }) => name),
        ...(some ? { namespaces: { include: [...namespaces] } } : {}),
        ttlSecondsAfterFinished: scanSeconds,
      },
    };
    await client.create(RESOURCES.scans, scan);
    pending.clear();
    this.#firstAt.clear();
    log.info({ scan: scan.metadata.name, targets: size }, 'so much changed that it is scanned');
    return {};
  }

  /** Brings the counts of the policies up to date with the reports. */
  async totals({ signal }: ReconcileContext): Promise<ReconcileResult> {
    const started = performance.now();
    const totals = await totalsOfReports(this.#world.client, signal);
    for (const policy of this.#ground?.judge.policies ?? []) {
      const known = this.#world.policies.get(policy.name)?.status;
      const { summary, failing } = totals.get(policy.name) ?? nothing;
      if (JSON.stringify([known?.summary, known?.failing]) === JSON.stringify([summary, failing])) continue;
      await tellPolicy(this.#world, policy, { summary, failing });
    }
    // Where there are many reports, adding them up is not for every change.
    this.#totalsRest = Date.now() + Math.min((performance.now() - started) * restFactor, 60_000);
    return {};
  }
}

const tasks: Readonly<Record<string, (own: OnChange, context: ReconcileContext) => Promise<ReconcileResult>>> = {
  ground: (own) => own.renewGround(),
  'first-lists': (own) => own.firstLists(),
  schedules: (own) => own.tellSchedules(),
  'after-scans': (own) => own.afterScans(),
  totals: (own, context) => own.totals(context),
};

const identity = ({ group, version, resource }: ApiResource): string => `${group}/${version}/${resource}`;
const runningScans = ({ scans }: World): boolean => scans.list().some((scan) => !isFinished(scan));

/** The schedules that follow changes, and the policies that they take: those whose present generation was scanned as a whole. */
function choose({ schedules, policies }: World): {
  readonly schedules: readonly ScanSchedule[];
  readonly policies: readonly SecurityPolicy[];
} {
  const following = schedules
    .list()
    .filter(({ metadata, spec }) => spec.onChange !== undefined && spec.suspend !== true && metadata.deletionTimestamp === undefined);
  const taken = policies.list().filter(({ metadata, status }) => {
    const settled = metadata.deletionTimestamp === undefined && status?.evaluatedGeneration === metadata.generation;
    return settled && following.some(({ spec }) => labelMatch(spec.policySelector)(metadata.labels ?? {}));
  });
  return { schedules: following, policies: taken.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)) };
}

function problemText({ group, resource }: ApiResource, error: unknown): string {
  const where = group === '' ? 'the core API group' : `API group ${group}`;
  const said = error instanceof Error ? error.message : String(error);
  if (isForbidden(error))
    return `may not list and watch ${resource} in ${where}: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true" and vigil.dev/aggregate-to-watch: "true" (${said})`;
  return `${resource} in ${where} cannot be followed now: ${said}`;
}
