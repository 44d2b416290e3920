import type { ConditionUpdate } from '../api/condition.ts';
import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { watches } from '../controller/watched-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ChangeWatchObserver } from './watch/change-watch.ts';
import { GenerationTracker } from './watch/generation-tracker.ts';
import { PendingChanges } from './pending-changes.ts';
import { ChangeBacklog } from './change-backlog.ts';
import { CoolDowns } from './cool-downs.ts';
import { Controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';
import { ChangeBurst, runningScans } from './change-burst.ts';
import type { ChangeResult } from './change-evaluation.ts';
import type { WatchedScope } from './watched-scope.ts';
import type { WatchedResources, OnChangeDependencies } from './on-change-dependencies.ts';
import { isPresent } from '../policies/policy-presence.ts';
import { watchingCondition } from './watching-condition.ts';
import { watchedObjectOf, type ReportOwner } from './watch/reported-object.ts';

/** The cool-down of a namespace that changes all the time, as a multiple of its last evaluation time. */
const restFactor = 5;
const requeueInterval = 1000;
const resync = 600_000;
const namespaceKey = 'namespace/';

/** Evaluates objects when they change, for ScanSchedules with `spec.onChange`. */
export class OnChange {
  readonly controller: Controller;
  readonly #own: OnChangeDependencies;
  readonly #watch: WatchedResources;
  readonly #generations = new GenerationTracker();
  #scope: WatchedScope | undefined;
  #backlog: ChangeBacklog | undefined;
  /** When a namespace may be evaluated again. */
  readonly #coolDowns = new CoolDowns();
  readonly #burst: ChangeBurst;
  /** The earliest time of the next {@link OnChange.renewScope}, by performance.now(). */
  #scopeRest = 0;
  /** The earliest time of the next update of the totals, by performance.now(). */
  #totalsRest = 0;
  /** Resources whose readers wait until changes are watched. */
  readonly #readers = new Set<ApiResource>();
  /** By namespace: when the first waiting change arrived, by performance.now(). */
  readonly #firstAt = new Map<string, number>();

  constructor(own: OnChangeDependencies) {
    this.#own = own;
    this.#burst = new ChangeBurst(own);
    const observer: ChangeWatchObserver = {
      onChange: (change) => this.#enqueue(this.#backlog?.pending.add(change) ?? []),
      onDrift: (owner, namespace) => this.#drifted(owner, namespace),
      onTotals: () => this.controller.queue.addAfter('totals-after-scans', requeueInterval),
      onError: (resource, error) => {
        own.log.warn({ err: error, resource: resource.resource }, 'change watch failed; retrying');
        this.controller.queue.addAfter('schedules', requeueInterval);
      },
      onRecovered: () => this.controller.queue.addAfter('schedules', requeueInterval),
    };
    this.#watch = own.watch(observer);
    this.controller = new Controller({
      name: 'onchange',
      log: own.log,
      observe: own.observe,
      workers: 2,
      watches: [
        watches(RESOURCES.policies, (policy: SecurityPolicy, type) => {
          this.#observePolicy(policy, type);
          return ['scope'];
        }),
        watches(RESOURCES.schedules, () => ['scope']),
      ],
      reconcile: (key, context) => this.#reconcile(key, context),
    });
    this.controller.queue.add('scope');
  }

  /** Records when each generation of a policy was first observed. */
  #observePolicy({ metadata }: KubeObject, type: ChangeType): void {
    if (type === 'DELETED') this.#generations.forget(metadata);
    else this.#generations.observe(metadata, performance.now());
  }

  /** Stops all watches. */
  stop(): Promise<void> {
    return this.#watch.stop();
  }

  /** The number of watched objects. */
  get size(): number {
    return this.#watch.size;
  }

  /** The Watching condition for a ScanSchedule. */
  condition(): ConditionUpdate {
    return watchingCondition(this.#watch, { isStarting: this.#scope === undefined, problem: this.#burst.problem });
  }

  /** Reconciles a key of the queue: a namespace, or one of {@link tasks}. */
  #reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    if (key.startsWith(namespaceKey)) return this.#evaluateNamespace(key.slice(namespaceKey.length), context);
    return tasks[key]?.(this, context) ?? Promise.resolve({});
  }

  /** Watches what the current policies need. It is rate-limited, since many policies may change one after the other. */
  async renewScope(): Promise<ReconcileResult> {
    const before = this.#scope;
    const rest = this.#scopeRest - performance.now();
    if (rest > 0) return { requeueAfter: rest };
    const started = performance.now();
    this.#scope = await this.#watch.renew({ known: before, generations: this.#generations });
    this.#scopeRest = performance.now() + Math.min((performance.now() - started) * restFactor, requeueInterval);
    if (this.#scope === before) return { requeueAfter: resync };
    if (this.#scope === undefined) this.#backlog = undefined;
    else this.#applyScope(this.#scope);
    this.#enqueueSchedules();
    return { requeueAfter: resync };
  }

  #applyScope({ evaluator: { set, policies } }: WatchedScope): void {
    const { indexes } = this.#watch;
    const most = this.#own.changeBurst;
    if (this.#backlog) this.#backlog.pending.setScope({ set, indexes });
    else this.#backlog = new ChangeBacklog(new PendingChanges({ set, indexes }, most), most);
    this.#own.log.info({ policies: policies.length, kinds: indexes.size }, 'change watch started');
    this.controller.queue.add('first-lists');
  }

  /** Waits for the first lists. Then emits the changes that happened while no operator ran. */
  releaseFirstLists(): Promise<ReconcileResult> {
    if (!this.#watch.ready) return Promise.resolve({ requeueAfter: 250 });
    this.#watch.release();
    this.#enqueueReaders();
    this.#enqueueSchedules();
    // Reports may have been deleted or changed while no operator ran.
    this.controller.queue.add('totals-after-scans');
    return Promise.resolve({});
  }

  #enqueueSchedules(): void {
    for (const { metadata, spec } of this.#own.schedules.list()) if (spec.onChange !== undefined) this.#own.enqueueSchedule(metadata.name);
  }

  /** Enqueues the schedules, which write the Watching condition. */
  updateSchedules(): Promise<ReconcileResult> {
    this.#enqueueSchedules();
    return Promise.resolve({});
  }

  /** Evaluates an object again whose report does not list all its results. Does nothing if changes are not watched. */
  reevaluate(object: ReportOwner & { readonly namespace?: string }): void {
    this.#drifted(object, object.namespace ?? '');
  }

  /**
   * Evaluates the objects whose checks read a cluster-scoped resource, although none of its objects changed: their verdicts depend on the time.
   * Waits until changes are watched.
   */
  reevaluateReaders(resource: ApiResource): void {
    this.#readers.add(resource);
    this.#enqueueReaders();
  }

  #enqueueReaders(): void {
    const pending = this.#backlog?.pending;
    if (!this.#scope || !pending) return;
    const watched = [...this.#watch.indexes.keys()];
    for (const { group, resource: name } of this.#readers) {
      const resource = watched.find((each) => each.group === group && each.resource === name);
      if (resource) this.#enqueue(pending.addReaders(resource));
    }
    this.#readers.clear();
  }

  /** Evaluates the object of a report that was edited or deleted. */
  #drifted(owner: ReportOwner | undefined, reportNamespace: string): void {
    if (!this.#scope) return;
    const object = watchedObjectOf(owner, reportNamespace, this.#watch.indexes);
    if (object) this.#enqueue(this.#backlog?.pending.addReported(object.resource, object.namespace, object.name) ?? []);
  }

  #enqueue(namespaces: readonly string[]): void {
    if (!this.#scope) return;
    for (const namespace of namespaces) {
      if (!this.#firstAt.has(namespace)) this.#firstAt.set(namespace, performance.now());
      const rested = this.#coolDowns.left(namespace, performance.now());
      this.controller.queue.addAfter(`${namespaceKey}${namespace}`, Math.max(this.#scope.debounce, rested));
    }
  }

  /** Evaluates the waiting targets of a namespace. Too many of them are left to a Scan. */
  async #evaluateNamespace(namespace: string, { signal, log }: ReconcileContext): Promise<ReconcileResult> {
    const [scope, backlog] = [this.#scope, this.#backlog];
    if (!scope || !backlog) return {};
    if (!scope.evaluator.policies.every((policy) => isPresent(this.#own, policy))) {
      // Results of the old revision must not be written after those of the new one.
      this.controller.queue.add('scope');
      return { requeueAfter: requeueInterval };
    }
    if (backlog.pending.exceeds(this.#own.changeBurst)) backlog.pending.collapse();
    if (!backlog.pending.deferred.isEmpty) this.controller.queue.add('burst');
    const work = backlog.take(namespace, runningScans(this.#own));
    const first = this.#firstAt.get(namespace) ?? performance.now();
    this.#firstAt.delete(namespace);
    if (!work) return {};
    const started = performance.now();
    try {
      const outcome = await this.#own.evaluate(scope.evaluator, { batch: work.batch, now: this.#own.clock(), signal });
      this.#recordResult(outcome, { namespace, first, log });
    } catch (error) {
      backlog.failed(work);
      this.#firstAt.set(namespace, first);
      throw error;
    }
    const now = performance.now();
    this.#coolDowns.set(namespace, now + (now - started) * restFactor, now);
    this.#enqueue(backlog.evaluated(work, runningScans(this.#own)));
    this.#requeueForScans(backlog);
    return {};
  }

  #requeueForScans({ waitsForScans, pending }: ChangeBacklog): void {
    if (waitsForScans) this.controller.queue.addAfter('after-scans', requeueInterval);
    if (!pending.deferred.isEmpty) this.controller.queue.add('burst');
  }

  #recordResult(
    { evaluated, written, unreadable }: ChangeResult,
    { namespace, first, log }: { readonly namespace: string; readonly first: number; readonly log: ReconcileContext['log'] },
  ): void {
    const { metrics } = this.#own;
    metrics.changes.inc({ outcome: 'evaluated' }, evaluated);
    metrics.changes.inc({ outcome: 'written' }, written);
    for (const message of unreadable) log.warn({ namespace, message }, 'changed objects could not be read');
    if (written === 0) return;
    metrics.changeSeconds.observe((performance.now() - first) / 1000);
    log.info({ namespace, evaluated, written }, 'changes evaluated');
    this.controller.queue.addAfter('totals', Math.max(requeueInterval, this.#totalsRest - performance.now()));
  }

  /** Leaves the deferred targets to a Scan. Only one such Scan runs at a time, until one has succeeded. */
  async scanDeferred(): Promise<ReconcileResult> {
    const [scope, backlog] = [this.#scope, this.#backlog];
    if (!scope || !backlog) return {};
    const names = scope.evaluator.policies.map(({ name }) => name);
    const before = this.#burst.problem;
    const isBusy = await this.#burst.reconcile(backlog, names);
    if (this.#burst.problem !== before) this.#enqueueSchedules();
    if (backlog.waitsForScans) this.controller.queue.addAfter('after-scans', requeueInterval);
    return isBusy ? { requeueAfter: requeueInterval } : {};
  }

  /** Evaluates again what was evaluated while a Scan ran that has ended now. */
  evaluateAfterScans(): Promise<ReconcileResult> {
    const backlog = this.#backlog;
    if (!backlog) return Promise.resolve({});
    this.#enqueue(backlog.setRunningScans(runningScans(this.#own)));
    this.#requeueForScans(backlog);
    return Promise.resolve({});
  }

  /** Updates the counts of the policies. */
  async updateTotals({ signal }: ReconcileContext): Promise<ReconcileResult> {
    const started = performance.now();
    await this.#own.updateTotals(this.#scope?.evaluator.policies ?? [], { totals: this.#watch.totals, signal });
    // With many reports, adding them up after every change costs too much.
    this.#totalsRest = performance.now() + Math.min((performance.now() - started) * restFactor, 60_000);
    return {};
  }

  /** Updates the counts once no Scan runs: the results of a Scan are counted when it ends. */
  updateTotalsAfterScans(): Promise<ReconcileResult> {
    if (runningScans(this.#own).size > 0) return Promise.resolve({ requeueAfter: requeueInterval });
    this.controller.queue.addAfter('totals', Math.max(requeueInterval, this.#totalsRest - performance.now()));
    return Promise.resolve({});
  }
}

const tasks: Readonly<Record<string, (own: OnChange, context: ReconcileContext) => Promise<ReconcileResult>>> = {
  burst: (own) => own.scanDeferred(),
  scope: (own) => own.renewScope(),
  'first-lists': (own) => own.releaseFirstLists(),
  schedules: (own) => own.updateSchedules(),
  'after-scans': (own) => own.evaluateAfterScans(),
  totals: (own, context) => own.updateTotals(context),
  'totals-after-scans': (own) => own.updateTotalsAfterScans(),
};
