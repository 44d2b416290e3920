import type { ConditionUpdate } from '../api/condition.ts';
import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { ChangeWatch, type ChangeWatchObserver } from '../change/change-watch.ts';
import { GenerationSightings } from '../change/generation-sightings.ts';
import { PendingChanges, type ChangeBatch } from '../change/pending-changes.ts';
import { Controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts';
import { isForbidden, serverMessage } from '../kube/kube-api-error.ts';
import type { ChangeType } from '../kube/list-watch.ts';
import { configurationOf } from '../policies/configuration-part.ts';
import { noTotals } from '../publish/policy-totals.ts';
import { totalsOfReports } from '../publish/report-sweeper.ts';
import { isFinished } from '../scan/scan-status.ts';
import { ChangeBurst } from './change-burst.ts';
import { judgeChanges } from './change-evaluation.ts';
import { renewedGround, type FollowedGround } from './change-ground.ts';
import { isPresent } from './policy-presence.ts';
import { updateConfiguration } from './policy-parts.ts';
import type { World } from './world.ts';

/** Between two looks at a namespace that changes all the time, so many times what the last look took. */
const restFactor = 5;
const lookAgain = 1000;
const resync = 600_000;
const namespaceKey = 'namespace/';

/** Judges what changes when it changes, for schedules that ask for it. */
export class OnChange {
  readonly controller: Controller;
  readonly #world: World;
  readonly #watch: ChangeWatch;
  readonly #sightings = new GenerationSightings();
  #ground: FollowedGround | undefined;
  #pending: PendingChanges | undefined;
  /** When a namespace may be looked at again, in milliseconds since the epoch. */
  readonly #rest = new Map<string, number>();
  readonly #burst: ChangeBurst;
  /** When what is followed may be looked at again, by performance.now(). */
  #groundRest = 0;
  /** When the counts of policies may be added up again, in milliseconds since the epoch. */
  #totalsRest = 0;
  /** What was judged while a scan ran, whose older verdicts may come after: judged once more when it has ended. */
  #afterScans: ChangeBatch[] = [];
  /** When the first change that waits in a namespace came, by performance.now(). */
  readonly #firstAt = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#burst = new ChangeBurst(world);
    const observer: ChangeWatchObserver = {
      onChange: (change) => this.#enqueue(this.#pending?.add(change) ?? []),
      onDrift: (owner, namespace) => this.#drifted(owner, namespace),
      onError: (resource, error) => {
        world.log.warn({ err: error, resource: resource.resource }, 'changes cannot be followed now; it is tried again');
        this.controller.queue.addAfter('schedules', lookAgain);
      },
      onRecovered: () => this.controller.queue.addAfter('schedules', lookAgain),
    };
    this.#watch = new ChangeWatch(world.client, observer, { silence: world.watchSilence });
    this.controller = new Controller({
      name: 'onchange',
      log: world.log,
      observe: world.observe,
      workers: 2,
      reconcile: (key, context) => this.#reconcile(key, context),
    });
    this.controller.queue.add('ground');
  }

  /** To be told of each policy as it is heard of. */
  heardOf({ metadata }: KubeObject, type: ChangeType): void {
    if (type === 'DELETED') this.#sightings.forget(metadata);
    else this.#sightings.note(metadata, performance.now());
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

  /** Follows what the policies of today look at; where very many change one after the other, not after each of them. */
  async renewGround(): Promise<ReconcileResult> {
    const before = this.#ground;
    const rest = this.#groundRest - performance.now();
    if (rest > 0) return { requeueAfter: rest };
    const started = performance.now();
    this.#ground = await renewedGround(this.#world, this.#watch, { known: before, sightings: this.#sightings });
    this.#groundRest = performance.now() + Math.min((performance.now() - started) * restFactor, lookAgain);
    if (this.#ground === before) return { requeueAfter: resync };
    if (this.#ground === undefined) this.#pending = undefined;
    else this.#stand(this.#ground);
    this.#tellSchedules();
    return { requeueAfter: resync };
  }

  #stand({ judge: { set, policies } }: FollowedGround): void {
    const { indexes } = this.#watch;
    if (this.#pending) this.#pending.setGround({ set, indexes });
    else this.#pending = new PendingChanges({ set, indexes });
    this.#world.log.info({ policies: policies.length, kinds: indexes.size }, 'changes are followed');
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
    if (!ground.judge.policies.every((policy) => isPresent(this.#world, policy))) {
      // What a policy said before must not come after what it says now.
      this.controller.queue.add('ground');
      return { requeueAfter: lookAgain };
    }
    if (pending.exceeds(this.#world.changeBurst)) {
      this.controller.queue.add('burst');
      return {};
    }
    const batch = pending.take(namespace);
    if (!batch) return {};
    const first = this.#firstAt.get(namespace) ?? performance.now();
    this.#firstAt.delete(namespace);
    const started = performance.now();
    try {
      const outcome = await judgeChanges(this.#world, ground.judge, { batch, now: this.#world.clock(), signal });
      this.#world.metrics.changes.inc({ outcome: 'judged' }, outcome.judged);
      this.#world.metrics.changes.inc({ outcome: 'written' }, outcome.written);
      for (const message of outcome.unreadable) log.warn({ namespace, message }, 'what changed could not be read');
      if (outcome.written > 0) {
        this.#world.metrics.changeSeconds.observe((performance.now() - first) / 1000);
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

  /** Has a Scan look at what waits, where that is too much to be judged here; one at a time. */
  async scanInstead(): Promise<ReconcileResult> {
    const [ground, pending] = [this.#ground, this.#pending];
    if (!ground || !pending) return {};
    if (!pending.exceeds(this.#world.changeBurst)) {
      this.#enqueue(pending.namespaces);
      return {};
    }
    const names = ground.judge.policies.map(({ name }) => name);
    if (!(await this.#burst.scan(pending, names))) return { requeueAfter: lookAgain };
    this.#firstAt.clear();
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

  /** Brings the counts of the policies up to date with the reports. */
  async totals({ signal }: ReconcileContext): Promise<ReconcileResult> {
    const started = performance.now();
    const totals = await totalsOfReports(this.#world.client, signal);
    for (const policy of this.#ground?.judge.policies ?? []) {
      const known = configurationOf(this.#world.policies.get(policy.name)?.status);
      const { summary, failing } = totals.get(policy.name) ?? noTotals;
      if (JSON.stringify([known?.summary, known?.failing]) === JSON.stringify([summary, failing])) continue;
      await updateConfiguration(this.#world, policy, { summary, failing });
    }
    // Where there are many reports, adding them up is not for every change.
    this.#totalsRest = Date.now() + Math.min((performance.now() - started) * restFactor, 60_000);
    return {};
  }
}

const tasks: Readonly<Record<string, (own: OnChange, context: ReconcileContext) => Promise<ReconcileResult>>> = {
  burst: (own) => own.scanInstead(),
  ground: (own) => own.renewGround(),
  'first-lists': (own) => own.firstLists(),
  schedules: (own) => own.tellSchedules(),
  'after-scans': (own) => own.afterScans(),
  totals: (own, context) => own.totals(context),
};

const runningScans = ({ scans }: World): boolean => scans.list().some((scan) => !isFinished(scan));

function problemText({ group, resource }: ApiResource, error: unknown): string {
  const where = group === '' ? 'the core API group' : `API group ${group}`;
  const said = serverMessage(error);
  if (isForbidden(error))
    return `may not list and watch ${resource} in ${where}: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true" and vigil.dev/aggregate-to-watch: "true" (${said})`;
  return `${resource} in ${where} cannot be followed now: ${said}`;
}
